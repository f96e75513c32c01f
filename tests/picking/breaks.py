"""How each constraint of waves, picks and aisles is broken by raw SQL."""

from uuid import uuid4

from inventory.domain.picking import AislePurpose
from inventory.operations import aisles, picking
from inventory.operations.picking import WaveAsked
from tests.conftest import Archive
from tests.picking.requested import asked, mobile_shelf, now


def PREPARE(archive: Archive) -> None:  # noqa: N802 - a constant of the folder, as BREAKS is
    """Two dossiers to pick on two shelves of one block; the keeper is at the first, its aisle open."""
    mobile_shelf(archive, "M-01", "甲", "1")
    mobile_shelf(archive, "M-02", "甲", "2", x=2.0)
    for number, shelf in (("P-1", "M-01"), ("P-2", "M-02")):
        archive.dossier(number, on=shelf)
        asked(archive, number)
    wave = picking.make_wave(archive.app, archive.keeper, WaveAsked(uuid4(), "W1"), now())
    picking.next_stop(archive.app, archive.keeper, f"W-{wave.wave_id:06d}", now())
    aisles.open_aisle(archive.app, archive.keeper, "M-01", AislePurpose.PICK, now())


BREAKS = {
    "wave_state_known": "UPDATE wave SET state = 'lost'",
    "wave_finished_by_somebody": "UPDATE wave SET state = 'finished'",
    "wave_stop_ordinal_taken": "UPDATE wave_stop SET ordinal = 1",
    "wave_stop_once": "INSERT INTO wave_stop (wave_id, ordinal, place_id) SELECT wave_id, ordinal + 9, place_id FROM wave_stop",
    "wave_stop_taken_by_somebody": "UPDATE wave_stop SET taken_at = now() WHERE keeper_id IS NULL",
    "wave_stop_one_per_keeper": "UPDATE wave_stop SET keeper_id = (SELECT id FROM account WHERE login = 'keeper'), taken_at = now()",
    "pick_state_known": "UPDATE pick SET state = 'eaten', done_at = now(), done_by = 1",
    "pick_done_by_somebody": "UPDATE pick SET state = 'picked'",
    "pick_volume_once": "INSERT INTO pick (stop_id, request_id, volume_id, state) "
    "SELECT stop_id, request_id, volume_id, 'open' FROM pick",
    "aisle_purpose_known": "UPDATE aisle_state SET purpose = 'nap'",
    "aisle_released_by_somebody": "UPDATE aisle_state SET released_at = now()",
    "aisle_one_open": "INSERT INTO aisle_state (room_id, block, aisle, purpose, held_by, since) "
    "SELECT room_id, block, '2', purpose, held_by, since FROM aisle_state",
}
