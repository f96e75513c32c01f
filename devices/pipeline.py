"""Messages to one evidence batch: find the reader, decode, check the clock, reduce.

The same path serves live ingest and `guiwei replay`; time comes with each message, never from a clock of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from devices.dialects import decoder_of
from devices.health import ReaderHealth, time_problem
from devices.readings import Decode, Decoded, Reading, Undecodable
from devices.reduce import SLICE_MICROSECONDS, KnownAntenna, Reducer
from inventory.store.batch import ChipRead, EvidenceBatch, Quarantined, ReaderCondition, ScannedCode, Tapped
from inventory.store.evidence import DAY_MICROSECONDS
from inventory.store.reader_health import ReaderState
from inventory.store.readers import RegisteredAntenna

NO_READER = "no reader has this topic"
CLOCK_OFF_MICROSECONDS_MAX = 300_000_000  # five minutes: later than that, it isn't the clock


@dataclass(frozen=True, slots=True)
class KnownReader:
    """A registered reader, ready to decode for."""

    reader_id: int
    code: str
    decode: Decode
    timezone: str
    antennas: dict[int, KnownAntenna]
    desks: set[int]  # ids of its antennas that lie on desks: labels are verified there, so their TIDs are wanted


def known_readers(antennas: Iterable[RegisteredAntenna]) -> dict[str, KnownReader]:
    """Readers by each topic they are registered with, status topics too."""
    readers: dict[int, KnownReader] = {}
    by_topic: dict[str, KnownReader] = {}
    for antenna in antennas:
        reader = readers.setdefault(
            antenna.reader_id,
            KnownReader(
                antenna.reader_id,
                antenna.reader,
                decoder_of(antenna.dialect, antenna.mapping),
                antenna.timezone,
                {},
                set(),
            ),
        )
        reader.antennas[antenna.number] = KnownAntenna(antenna.antenna_id, SLICE_MICROSECONDS[antenna.role])
        if antenna.role == "desk":
            reader.desks.add(antenna.antenna_id)
        by_topic[antenna.topic] = reader
        if antenna.status_topic:
            by_topic[antenna.status_topic] = reader
    return by_topic


class Pipeline:
    """Collects what messages say until a batch is taken. Not for use by two threads."""

    def __init__(self, by_topic: dict[str, KnownReader], states: Mapping[int, ReaderState], registry: int = 0) -> None:
        """`by_topic` as made by `known_readers` of that version of the registry; states: of readers (ids) heard before."""
        self._reducer = Reducer()
        self._states = states
        self._health: dict[int, ReaderHealth] = {}
        self._heard: set[int] = set()
        self._by_topic, self._registry = by_topic, registry
        self._batch = EvidenceBatch(registry)

    def use(self, by_topic: dict[str, KnownReader], registry: int) -> None:
        """Work with a new registry from the next batch on; the last one was taken."""
        self._by_topic, self._registry = by_topic, registry
        self._batch = EvidenceBatch(registry)

    def add(self, topic: str, payload: bytes, received_at: int) -> None:
        """Take in one message, received at `received_at` (microseconds); whole, or as a quarantined one."""
        reader = self._by_topic.get(topic)
        if reader is None:
            self._batch.quarantined.append(Quarantined(received_at, topic, None, payload, NO_READER))
            return
        health = self._health_of(reader)
        self._heard.add(reader.reader_id)
        try:
            decoded, newest, reads = self._understand(reader, payload, received_at)
        except Undecodable as undecodable:
            self._batch.quarantined.append(Quarantined(received_at, topic, reader.reader_id, payload, str(undecodable)))
            health.quarantined(received_at)
            return
        news = health.heard(decoded, received_at, newest, reads)
        if news:
            self._batch.news.extend(news)

    def retry(self, topic: str, payload: bytes, received_at: int) -> tuple[int | None, str | None]:
        """Take in a message that was quarantined: the reader it belongs to, and why not; None where it is understood.

        What it tells counts as of then; that its reader spoke was counted when it came.
        """
        reader = self._by_topic.get(topic)
        if reader is None:
            return None, NO_READER
        try:
            decoded, _, _ = self._understand(reader, payload, received_at)
        except Undecodable as undecodable:
            return reader.reader_id, str(undecodable)
        if decoded.numbers:
            self._health_of(reader).numbered(decoded, received_at)
            self._heard.add(reader.reader_id)
        return reader.reader_id, None

    def scan_again(self, reader_id: int, code: str, scanned_at: int) -> None:
        """Take in a code that was quarantined until it was a place's."""
        self._batch.codes.append(ScannedCode(reader_id, code, scanned_at))

    def take_batch(self) -> tuple[EvidenceBatch, set[date]]:
        """The batch so far, and the UTC days its slices fall on; the next batch starts empty."""
        batch, self._batch = self._batch, EvidenceBatch(self._registry)
        batch.slices.extend(self._reducer.drain())
        for reader_id in sorted(self._heard):
            health = self._health[reader_id]
            batch.pulses.append(health.pulse())
            if (changed := health.numbers_changed()) is not None:
                batch.numbers.append(changed)
        self._heard = set()
        return batch, days_of(batch)

    def _health_of(self, reader: KnownReader) -> ReaderHealth:
        health = self._health.get(reader.reader_id)
        if health is None:
            health = ReaderHealth(reader.reader_id, self._states.get(reader.reader_id))
            self._health[reader.reader_id] = health
        return health

    def _understand(self, reader: KnownReader, payload: bytes, received_at: int) -> tuple[Decoded, int | None, int]:
        """Decode and reduce, whole or not at all: what it says, its newest time, its reads. Raises `Undecodable`."""
        decoded = reader.decode(payload, reader.timezone)
        newest = _newest(decoded.readings, received_at)
        antennas = antennas_of(decoded.readings, reader)
        if decoded.barcodes or decoded.taps or decoded.events or decoded.conditions:
            _check_told(decoded, received_at)
            self._note(decoded, reader, received_at)
        if reader.desks:
            self._batch.chips.extend(_chips(decoded.readings, antennas, reader.desks, received_at))
        return decoded, newest, self._reducer.add(decoded.readings, antennas, received_at)

    def _note(self, decoded: Decoded, reader: KnownReader, received_at: int) -> None:
        for barcode in decoded.barcodes:
            at = received_at if barcode.scanned_at is None else barcode.scanned_at
            self._batch.codes.append(ScannedCode(reader.reader_id, barcode.code, at))
        # A desk's clock is the clerk's machine's: when its word came is when it counts.
        self._batch.taps.extend(
            Tapped(reader.reader_id, one.uid, one.challenge, one.signature, one.key, received_at)
            for one in decoded.taps
        )
        for told in decoded.conditions:
            at = received_at if told.at is None else told.at
            if told.firmware is not None or told.ntp_offset_ms is not None or told.antennas:
                self._batch.conditions.append(
                    ReaderCondition(reader.reader_id, at, told.firmware, told.ntp_offset_ms, told.antennas)
                )


def _chips(
    readings: list[Reading], antennas: Mapping[int, KnownAntenna], desks: set[int], received_at: int
) -> Iterable[ChipRead]:
    """The readings of desk antennas that tell the chip's own number.

    What lies on a pad is asked for by our own clock, so a reader's that is a little off doesn't matter; what it buffered
    through an outage is as old as it says.
    """
    for reading in readings:
        antenna_id = antennas[reading.antenna].antenna_id
        if reading.tid is not None and antenna_id in desks:
            at = reading.read_at
            is_late = at is not None and received_at - at > CLOCK_OFF_MICROSECONDS_MAX
            yield ChipRead(antenna_id, reading.epc, reading.tid, at if is_late and at is not None else received_at)


def days_of(batch: EvidenceBatch) -> set[date]:
    """The UTC days on which a batch's slices fall."""
    days = {start // DAY_MICROSECONDS for start in {row.slice_start for row in batch.slices}}
    return {datetime.fromtimestamp(day * DAY_MICROSECONDS // 1_000_000, UTC).date() for day in days}


def _newest(readings: list[Reading], received_at: int) -> int | None:
    """The latest device time of a message; raises `Undecodable` where one can't be meant."""
    times = [reading.read_at for reading in readings if reading.read_at is not None]
    if not times:
        return None
    newest = max(times)
    if problem := time_problem(newest, received_at) or time_problem(min(times), received_at):
        raise Undecodable(problem)
    return newest


def _check_told(decoded: Decoded, received_at: int) -> None:
    """Raise `Undecodable` where a code's or an event's time can't be meant.

    An event may be as old as it likes: brokers retain a reader's last status for ever.
    """
    times = [barcode.scanned_at for barcode in decoded.barcodes]
    times += [told.at for told in decoded.conditions if told.at is not None and told.at > received_at]
    for event in decoded.events:
        times += [at for at in (event.at, event.from_at, event.to_at) if at is not None and at > received_at]
    for at in times:
        if at is not None and (problem := time_problem(at, received_at)):
            raise Undecodable(problem)


def antennas_of(readings: list[Reading], reader: KnownReader) -> dict[int, KnownAntenna]:
    """The antennas a message names; raises `Undecodable` for one nobody registered.

    A reader registered with antenna 0 alone is one place, whatever number its payloads give.
    """
    named = {reading.antenna for reading in readings}
    if named <= reader.antennas.keys():
        return reader.antennas
    if reader.antennas.keys() == {0}:
        return dict.fromkeys(named, reader.antennas[0])
    unknown = min(named - reader.antennas.keys())
    raise Undecodable(f"antenna {unknown} of reader {reader.code} is not registered")
