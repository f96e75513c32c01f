"""A pasted sample as the reader's dialect understands it; nothing is kept of it."""

from devices.dialects import decoder_of
from devices.readings import Undecodable
from inventory.domain.samples import Sample, SampleRead, Understood
from inventory.store.batch import moment


def understand(sample: Sample) -> Understood:
    """What a reader registered like this would be taken to say."""
    try:
        decoded = decoder_of(sample.dialect.value, sample.mapping)(sample.payload, sample.timezone)
    except Undecodable as refused:
        return Understood(problem=str(refused))
    return Understood(
        reads=tuple(
            SampleRead(
                epc=reading.epc.hex().upper(),
                tid=None if reading.tid is None else reading.tid.hex().upper(),
                antenna=reading.antenna,
                rssi_dbm=None if reading.rssi_cdbm is None else reading.rssi_cdbm / 100,
                count=reading.count,
                read_at=None if reading.read_at is None else moment(reading.read_at),
            )
            for reading in decoded.readings
        ),
        codes=tuple(barcode.code for barcode in decoded.barcodes),
        events=tuple(f"{event.kind}: {event.reason}" if event.reason else event.kind for event in decoded.events),
    )
