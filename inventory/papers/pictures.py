"""Pictures as SVG, the same on a page and on paper: bays as they stand, shelf above shelf, and how audits of a place went.

Nothing depends on a colour: what it says is written as well. Presentation attributes only, since pages allow no inline style.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

INK, QUIET, HAIR = "#1b2026", "#5f6873", "#c3c9d0"
GOOD, DOUBT, BAD, SILENT = "#d7ecdf", "#f8e7bd", "#f3ccc8", "#e4e7eb"
FONT = 'font-family="Noto Sans CJK SC, sans-serif"'

SHELF_WIDTH, SHELF_HEIGHT, GAP = 132, 26, 3


@dataclass(frozen=True, slots=True)
class ShelfPicture:
    """One shelf of a bay: what it is called, volumes expected and covered, findings, undecided."""

    name: str
    expected: int
    covered: int
    findings: int
    undecided: int

    @property
    def colour(self) -> str:
        """What weighs most: something found, something unsure, nobody there, or all well."""
        if self.findings:
            return BAD
        if self.undecided:
            return DOUBT
        return SILENT if self.covered < self.expected else GOOD

    @property
    def says(self) -> str:
        """The same in signs: × findings, ? undecided, – not covered, ✓ covered."""
        signs = [f"×{self.findings}"] if self.findings else []
        signs += [f"?{self.undecided}"] if self.undecided else []
        if self.covered < self.expected:
            signs.append(f"–{self.expected - self.covered}")
        return " ".join(signs) or "✓"


def elevation(bay: str, shelves: Sequence[ShelfPicture]) -> str:
    """A bay from the front, its lowest shelf at the bottom; shelves come from the lowest up."""
    height = len(shelves) * (SHELF_HEIGHT + GAP) + 24
    parts = []
    for level, shelf in enumerate(reversed(shelves)):
        y = level * (SHELF_HEIGHT + GAP) + 1
        parts.append(
            f'<rect x="1" y="{y}" width="{SHELF_WIDTH}" height="{SHELF_HEIGHT}" fill="{shelf.colour}" stroke="{HAIR}"/>'
            f'<text x="6" y="{y + 17}" font-size="11" fill="{QUIET}">{escape(shelf.name)}</text>'
            f'<text x="{SHELF_WIDTH / 2 + 4}" y="{y + 17}" font-size="11" fill="{INK}" text-anchor="middle">'
            f"{shelf.covered}/{shelf.expected}</text>"
            f'<text x="{SHELF_WIDTH - 5}" y="{y + 17}" font-size="11" font-weight="bold" fill="{INK}" text-anchor="end">'
            f"{shelf.says}</text>"
        )
    parts.append(
        f'<text x="{SHELF_WIDTH / 2 + 1}" y="{height - 7}" font-size="12" font-weight="bold" fill="{INK}" '
        f'text-anchor="middle">{escape(bay)}</text>'
    )
    return _svg(SHELF_WIDTH + 2, height, f"{bay}", "".join(parts))


@dataclass(frozen=True, slots=True)
class TrendPicture:
    """One audit in the row: when, which share was covered (0 to 1), how many findings and undecided volumes."""

    at: datetime
    coverage: float
    findings: int
    undecided: int


WIDTH, HEIGHT, LEFT, BOTTOM = 640, 190, 44, 28


def trend(points: Sequence[TrendPicture]) -> str:
    """Coverage as a line, findings and undecided volumes as bars beneath it; times are written as they are told."""
    inner_width, inner_height = WIDTH - LEFT - 44, HEIGHT - BOTTOM - 14
    most = max((point.findings + point.undecided for point in points), default=0) or 1
    step = inner_width / max(len(points), 1)
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = 14 + inner_height * (1 - share)
        parts.append(
            f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - 44}" y2="{y:.1f}" stroke="{HAIR}" stroke-width="0.7"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" font-size="10" fill="{QUIET}" text-anchor="end">{share:.0%}</text>'
            f'<text x="{WIDTH - 38}" y="{y + 4:.1f}" font-size="10" fill="{QUIET}">{round(most * share):,}</text>'
        )
    line = []
    for number, point in enumerate(points):
        middle = LEFT + step * (number + 0.5)
        base = 14.0 + inner_height
        for count, colour in ((point.findings, BAD), (point.undecided, DOUBT)):
            tall = inner_height * count / most
            base -= tall
            parts.append(
                f'<rect x="{middle - min(step * 0.3, 14):.1f}" y="{base:.1f}" width="{min(step * 0.6, 28):.1f}" '
                f'height="{tall:.1f}" fill="{colour}" stroke="{QUIET}" stroke-width="0.4"/>'
            )
        line.append((middle, 14 + inner_height * (1 - point.coverage)))
        if len(points) <= 10 or number % (len(points) // 6) == 0 or number == len(points) - 1:  # noqa: PLR2004
            parts.append(
                f'<text x="{middle:.1f}" y="{HEIGHT - 10}" font-size="10" fill="{QUIET}" text-anchor="middle">'
                f"{point.at:%m-%d}</text>"
            )
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
    parts.append(f'<polyline points="{path}" fill="none" stroke="#256b8f" stroke-width="2"/>')
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="#256b8f"/>' for x, y in line]
    return _svg(WIDTH, HEIGHT, "", "".join(parts))


def _svg(width: float, height: float, name: str, inner: str) -> str:
    label = f' aria-label="{escape(name)}"' if name else ' aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img"{label}><g {FONT} font-weight="500">{inner}</g></svg>'
    )
