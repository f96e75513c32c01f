"""Printers that print labels and encode their chips, as a site registers them: a name, and where they listen."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inventory.domain.refusals import BadInput, PrinterNotFound

RAW_PORT = 9100  # where label printers take raw bytes, unless they are told otherwise
PRINTERS_MAX = 20
_WRITTEN = re.compile(
    r"(?:(?P<name>[^=,@]{1,40})=)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,250}[A-Za-z0-9])?)"
    r"(?::(?P<port>[0-9]{1,5}))?(?:@(?P<dpi>203|300))?"
)
_PORT_MAX = 65_535


@dataclass(frozen=True, slots=True)
class LabelPrinter:
    """One printer; dots_per_mm: 8 (203 dpi) or 12 (300 dpi)."""

    name: str
    host: str
    port: int = RAW_PORT
    dots_per_mm: int = 8

    @property
    def address(self) -> str:
        """Host and port, as people write them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_printers(text: str) -> tuple[LabelPrinter, ...]:
    """Printers written as `name=host:port@dpi` with commas between; name, port and dpi may be left out. Raises `BadInput`."""
    found: list[LabelPrinter] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        written = _WRITTEN.fullmatch(part)
        port = int(written["port"] or RAW_PORT) if written else 0
        if written is None or not 0 < port <= _PORT_MAX:
            raise BadInput(
                problem_zh=f"标签打印机形如 一楼=10.0.0.9:9100@300，逗号分隔，不是 {part!r}",
                problem_en=f"a label printer is written as floor-1=10.0.0.9:9100@300, with commas between, not {part!r}",
            )
        host = written["host"].strip("[]")
        found.append(LabelPrinter((written["name"] or host).strip(), host, port, 12 if written["dpi"] == "300" else 8))
    if len({one.name for one in found}) < len(found) or len(found) > PRINTERS_MAX:
        raise BadInput(
            problem_zh=f"标签打印机最多 {PRINTERS_MAX} 台，名称各不相同",
            problem_en=f"there are at most {PRINTERS_MAX} label printers, each with a name of its own",
        )
    return tuple(found)


def printer_named(printers: Sequence[LabelPrinter], name: str) -> LabelPrinter:
    """The printer of that name; raises `PrinterNotFound`."""
    found = next((one for one in printers if one.name == name), None)
    if found is None:
        raise PrinterNotFound(printer=name)
    return found
