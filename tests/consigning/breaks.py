"""How each constraint of bags and consignments is broken by raw SQL."""

from tests.conftest import Archive
from tests.consigning.journey import arrive, underway


def PREPARE(archive: Archive) -> None:  # noqa: N802 - a constant of the folder, as BREAKS is
    """A consignment underway that arrived short of one dossier, and that missing dossier still on it."""
    number = underway(archive, "C-1", "C-2")
    arrive(archive, number, ["C-1"])


_AGAIN = (
    "INSERT INTO consignment (bag_id, from_place_id, to_place_id, direction, state, opened_by, opened_at, command_id) "
    "SELECT bag_id, from_place_id, to_place_id, direction, 'open', opened_by, opened_at, (SELECT id FROM command "
    "WHERE id NOT IN (SELECT command_id FROM consignment) LIMIT 1 OFFSET {offset}) FROM consignment LIMIT 1"
)
BREAKS = {
    "consignment_direction_known": "UPDATE consignment SET direction = 'around'",
    "consignment_state_known": "UPDATE consignment SET state = 'eaten', received_by = NULL, received_at = NULL",
    "consignment_channel_known": "UPDATE consignment SET channel = 'self'",
    "consignment_goes_elsewhere": "UPDATE consignment SET to_place_id = from_place_id",
    "consignment_sealed_by_two": "UPDATE consignment SET sealed_with = sealed_by",
    "consignment_travels_sealed": "UPDATE consignment SET bag_seal_out = ''",
    "consignment_has_two_carriers": "UPDATE consignment SET carriers = ARRAY['王强']",
    "consignment_received_by_somebody": "UPDATE consignment SET received_by = NULL",
    "consignment_bag_once": f"{_AGAIN.format(offset=0)}; {_AGAIN.format(offset=1)}",
    "consignment_volume_state_known": "UPDATE consignment_volume SET state = 'eaten'",
    "consignment_pieces_out_counted": "UPDATE consignment_volume SET pieces_out = -1",
    "consignment_pieces_in_counted": "UPDATE consignment_volume SET pieces_in = -1",
    "consignment_volume_once": f"{_AGAIN.format(offset=0)}; INSERT INTO consignment_volume (consignment_id, volume_id, state, "
    "packed_at) SELECT (SELECT max(id) FROM consignment), volume_id, 'packed', packed_at FROM consignment_volume "
    "WHERE state = 'missing'",
    "consignment_discrepancy_kind_known": "UPDATE consignment_discrepancy SET kind = 'odd'",
    "consignment_discrepancy_settled_by_two": "UPDATE consignment_discrepancy SET settled_by = raised_by, "
    "settled_with = raised_by, settled_at = now(), reason = 'x'",
    "consignment_discrepancy_settled_with_reason": "UPDATE consignment_discrepancy SET settled_by = raised_by, "
    "settled_with = (SELECT id FROM account WHERE login = 'second'), settled_at = now(), reason = ' '",
}
