"""`guiwei desk`: the desk station on the clerk's own machine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer

from devices.broker import BrokerAddress
from guiwei.console import say
from guiwei.embedded import embedded_broker
from guiwei.settings import Settings, read_settings
from inventory.domain.refusals import BadInput, PcscMissing


def run_desk(reader: str, topic: str, card_reader: str, stop: threading.Event) -> None:
    """Work until stopped. Raises `BadSetting` for what keeps it from the broker for good, `Unavailable` without pyscard."""
    if not topic.strip() or not topic.isprintable() or set(topic) & set("+#"):
        raise BadInput(
            problem_zh=f"主题 {topic} 应与读写器登记的主题一致，不含 + 和 #",
            problem_en=f"the topic {topic} should be the one the reader is registered with, without + and #",
        )
    try:
        from devices.desk.station import Place, Station  # noqa: PLC0415 - pyscard is there on machines that are desks
    except ImportError:
        raise PcscMissing from None
    with _broker(read_settings()) as address:
        address.login(reader)
        Station(address, Place(reader, topic, card_reader), lambda zh, en: say(f"{zh}{en}")).run(stop)


@contextmanager
def _broker(settings: Settings) -> Iterator[BrokerAddress]:
    if settings.mqtt_url is None:
        with embedded_broker(settings.data_dir, say) as embedded:
            yield BrokerAddress.parse(embedded.url)
    else:
        address = BrokerAddress.parse(settings.mqtt_url.get_secret_value())
        yield replace(address, ca_file=settings.mqtt_ca_file, logins=settings.mqtt_logins)


Reader = Annotated[str, typer.Argument(help="The desk's reader, as it is registered; also its user at the broker.")]
Topic = Annotated[str, typer.Option(help="The topic it is registered with, such as guiwei/JN/DESK-1/reads.")]
CardReader = Annotated[str, typer.Option(help="Only card readers whose name holds this; all of them unless told.")]
