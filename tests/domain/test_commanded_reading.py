"""Who reads for an audit, and when."""

from datetime import timedelta

from inventory.domain.commanded_reading import READ_FOR, SETTLE_FOR, Listener, lasts, reading_steps


def test_rooms_read_one_after_the_other_and_aisles_one_by_one() -> None:
    cabinet = Listener(1, "native", "a/reads", None, "W1-R2")
    beside = Listener(2, "zebra", "b", "mqtt:b/in", "W1-R2")
    deaf = Listener(3, "zebra", "c", None, "W1-R3")
    no_opener = Listener(7, "zebra", "z7", "mqtt:z7/in", "W1-R1", "A", "04")
    first, second, other_block = (
        Listener(number, "impinj", f"z{number}", f"mqtt:z{number}/in", "W1-R1", block, aisle)
        for number, block, aisle in ((4, "A", "02"), (5, "A", "01"), (6, "B", "01"))
    )
    steps = reading_steps([beside, cabinet, deaf, first, no_opener, second, other_block])
    assert [(step.room, step.block, step.aisle, [one.reader_id for one in step.listeners]) for step in steps] == [
        ("W1-R1", "A", "01", [5]),
        ("W1-R1", "A", "02", [4]),
        ("W1-R1", "B", "01", [6]),
        ("W1-R2", None, None, [1, 2]),
    ]
    assert [step.begins for step in steps] == [number * READ_FOR for number in range(4)]
    assert lasts(steps) == 4 * READ_FOR + SETTLE_FOR
    assert (reading_steps([deaf]), lasts([])) == ([], timedelta())
