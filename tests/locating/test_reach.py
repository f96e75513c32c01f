"""What one part of Guiwei takes for granted of another's numbers."""

from datetime import timedelta

from devices.reduce import SLICE_MICROSECONDS
from inventory.locating.model import Model
from inventory.store.evidence import ANCHOR_REACH


def test_a_late_label_has_everything_drawn_again_that_it_may_speak_for() -> None:
    moving = max(SLICE_MICROSECONDS["handheld"], SLICE_MICROSECONDS["cart"])
    assert timedelta(seconds=2 * Model().label_seconds_max, microseconds=moving) <= ANCHOR_REACH
