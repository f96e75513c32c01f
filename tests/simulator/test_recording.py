"""A recording is what the readers would have said, written down faster than they could say it."""

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from devices.dialects import DIALECTS
from devices.simulator.city import City
from devices.simulator.run import write_recording
from devices.simulator.truth import Truth
from tests.simulator.conftest import MORNING


@pytest.mark.parametrize("name", ["day.jsonl", "day.jsonl.gz"])
def test_the_same_city_is_recorded_in_the_same_bytes(city: City, truth: Truth, tmp_path: Path, name: str) -> None:
    recordings = [tmp_path / "one" / name, tmp_path / "another" / name]
    for path in recordings:
        path.parent.mkdir()
        write_recording(city, truth, path, MORNING, 2, speed=20)
    assert recordings[0].read_bytes() == recordings[1].read_bytes()


def test_a_recording_is_read_in_order_of_time_and_every_line_decodes(city: City, truth: Truth, tmp_path: Path) -> None:
    path = tmp_path / "morning.jsonl.gz"
    written = write_recording(city, truth, path, MORNING, 3, speed=20)
    dialect_of = {topic: row.dialect for row in city.readers for topic in (row.topic, row.status_topic)}
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert len(lines) == written > 1_000
    times = [datetime.fromisoformat(line["received_at"]) for line in lines]
    assert times == sorted(times)
    assert MORNING < times[0] <= times[-1] < MORNING + timedelta(minutes=3, seconds=1)
    for line in lines:
        DIALECTS[dialect_of[line["topic"]]](line["payload"].encode(), "Asia/Shanghai")
    assert {line["topic"] for line in lines} == set(dialect_of) - {None}


@pytest.mark.parametrize(("minutes", "speed"), [(0, 1.0), (-1, 1.0), (10, 0.0), (10, 1_000.0)])
def test_a_recording_of_an_impossible_length_or_speed_is_refused(
    city: City, truth: Truth, tmp_path: Path, minutes: float, speed: float
) -> None:
    with pytest.raises(ValueError, match=r"recording|speed"):
        write_recording(city, truth, tmp_path / "never.jsonl", MORNING, minutes, speed=speed)
    assert not (tmp_path / "never.jsonl").exists()
