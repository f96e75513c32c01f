"""Every constraint of passages, broken by the superuser's own SQL."""

from tests.conftest import Archive

PASSAGE = (
    "INSERT INTO passage (id, gate_place_id, telling, direction, probability, doubts, colour, settled, crossed_at, since_at, "
    "until_at, listed_at, heard_at, decided_at, alarmed_at, siren_at, stored_at) SELECT '{id}', place.id, 1, '{direction}', "
    "{probability}, '{doubts}', '{colour}', {settled}, now(), now(), {until}, now(), now(), now(), {alarmed}, {siren}, now() "
    "FROM place WHERE code = 'G-1'"
)
FINE = {
    "id": "00000000-0000-0000-0000-000000000009", "direction": "out", "probability": 0.9, "doubts": "{}", "colour": "green",
    "settled": "false", "until": "now()", "alarmed": "NULL", "siren": "NULL",
}  # fmt: skip
OPEN, OVER = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
LINE = (
    "INSERT INTO passage_volume SELECT '{id}', volume.id, {telling}, {reads}, holding.place_id, moved_at, {paper}, {unexpected} "
    "FROM volume JOIN holding ON volume_id = volume.id"
)
ANSWER = (
    "INSERT INTO alarm_acknowledgement SELECT '{id}', id, now(), false, '{reason}' FROM account WHERE login = 'keeper'"
)


def passage(**different: object) -> str:
    return PASSAGE.format(**(FINE | different))


def line(**different: object) -> str:
    fine = {"id": OPEN, "telling": 1, "reads": 7, "paper": "NULL", "unexpected": "true"}
    return LINE.format(**(fine | different))


def PREPARE(archive: Archive) -> None:  # noqa: N802 - the schema's test asks every folder for it by this name
    """D-1 goes out by a gate unasked and the passage isn't settled yet; another passage is settled; somebody answers."""
    archive.shelf("A-01")
    archive.dossier("D-1", on="A-01")
    archive.place("G-1", "gate", parent="W1-R1")
    archive.root.execute(passage(id=OPEN, colour="red", alarmed="now()", siren="now()"))
    archive.root.execute(passage(id=OVER, settled="true"))
    archive.root.execute(line())
    archive.root.execute(ANSWER.format(id=OPEN, reason="去看过"))
    archive.root.execute(
        "INSERT INTO gate_rearming (gate_place_id, account_id, at) SELECT place.id, account.id, now() FROM place, account "
        "WHERE code = 'G-1' AND login = 'keeper'"
    )


BREAKS = {
    "passage_direction_known": passage(direction="up"),
    "passage_probability_is_one": passage(probability=1.5),
    "passage_doubts_known": passage(doubts="{tired}"),
    "passage_colour_known": passage(colour="blue"),
    "passage_in_order": passage(until="now() - interval '1 second'"),
    "passage_red_is_an_alarm": passage(colour="red"),
    "passage_sirens_are_alarms": passage(siren="now()"),
    "passage_is_settled": f"UPDATE passage SET telling = 2 WHERE id = '{OVER}'",
    "passage_told_in_order": f"UPDATE passage SET colour = 'amber' WHERE id = '{OPEN}'",
    "passage_alarm_stands": f"UPDATE passage SET telling = 2, alarmed_at = NULL, siren_at = NULL, colour = 'green' WHERE id = '{OPEN}'",
    "passage_volume_reads_counted": line(id=OVER, reads=-1, unexpected="false"),
    "passage_volume_unexpected_was_read": line(id=OVER, reads=0),
    "passage_volume_of_a_telling": line(id=OVER, telling=2),
    "alarm_acknowledged_with_reason": f"INSERT INTO alarm_acknowledgement SELECT '{OPEN}', 1, now(), false, ' '",
    "acknowledged_is_an_alarm": ANSWER.format(id=OVER, reason="x"),
    "gate_pulse_silent_known": "INSERT INTO gate_pulse SELECT id, now(), now(), '{middle}' FROM place WHERE code = 'G-1'",
}
