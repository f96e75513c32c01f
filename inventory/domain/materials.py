"""What is in an envelope: the ten categories of personnel dossiers, the materials list, and its pieces. Pure.

Categories: Regulation on the work with cadre dossiers (干部人事档案工作条例, 2018), article 15.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from inventory.domain.cells import parse_text
from inventory.domain.refusals import BadInput, PagesDiffer, PiecesDiffer, SameNameIsNoProof
from inventory.domain.words import Word

PAGES_MAX = 10_000
PIECES_MAX = 1_000
MATERIALS_MAX = 1_000  # in one list

CATEGORIES: dict[int, tuple[str, str]] = {
    1: ("一类 履历", "1 curriculum vitae"),
    2: ("二类 自传和思想", "2 autobiography and convictions"),
    3: ("三类 考核鉴定", "3 appraisals"),
    4: ("四类 学历学位、职称、教育培训", "4 education, degrees, professional titles, training"),
    5: ("五类 政审、审计和审核", "5 political review, audit, verification"),
    6: ("六类 党、团", "6 Party and Youth League"),
    7: ("七类 表彰奖励", "7 honours"),
    8: ("八类 违规违纪违法处理处分", "8 disciplinary measures"),
    9: ("九类 工资、任免、出国等", "9 salary, appointments, travel abroad"),
    10: ("十类 其他可供参考", "10 other"),
}
_CHINESE = "一二三四五六七八九十"
_DATED = re.compile(r"([0-9]{4})(?:[-./年]([0-9]{1,2})(?:[-./月]([0-9]{1,2})日?|月)?|年)?")


@dataclass(frozen=True, slots=True)
class Material:
    """One material of the list; `dated` as far as the paper says: `1998`, `1998-07` or `1998-07-01`."""

    category: int
    title: str
    pieces: int = 1
    pages: int | None = None
    dated: str | None = None


def material(
    category: str, title: str, *, pieces: int = 1, pages: int | None = None, dated: str | None = None
) -> Material:
    """A material from what was typed; raises `BadInput`."""
    if not 1 <= pieces <= PIECES_MAX:
        raise BadInput(problem_zh=f"份数应为1至{PIECES_MAX}", problem_en=f"a material has 1 to {PIECES_MAX} pieces")
    if pages is not None and not 1 <= pages <= PAGES_MAX:
        raise BadInput(problem_zh=f"页数应为1至{PAGES_MAX}", problem_en=f"a material has 1 to {PAGES_MAX} pages")
    return Material(parse_category(category), parse_text(title.strip()), pieces, pages, parse_dated(dated or ""))


class MatchProof(Word):
    """What proves whose a loose material is, where no number on it does. A name is not among them."""

    DOSSIER_NUMBER = "dossier_number", "材料上的档案编号", "dossier number on the material"
    ID_NUMBER = "id_number", "材料上的身份证号", "ID number on the material"
    EMPLOYER_AND_BIRTH = "employer_and_birth", "工作单位和出生日期相符", "employer and date of birth confirmed"
    LETTER = "letter", "来函证明", "letter"


def match_proof(proof: str, note: str) -> str:
    """The proof as it stands beside the material; note: what was compared, or the letter by its number.

    Raises `SameNameIsNoProof` for anything that proves nothing, `BadInput` for a letter without its number.
    """
    try:
        kind = MatchProof(proof.strip())
    except ValueError:
        raise SameNameIsNoProof from None
    if not note.strip():
        if kind is MatchProof.LETTER:
            raise BadInput(problem_zh="请写明来函单位和文号", problem_en="say whose letter it is, and its number")
        return f"{kind.zh} {kind.en}"
    return f"{kind.zh} {kind.en}：{parse_text(note.strip())}"


def parse_category(text: str) -> int:
    """One of the ten categories: `4`, `四`, `四类` or `第四类`."""
    plain = text.strip().removeprefix("第").removesuffix("类")
    if len(plain) == 1 and plain in _CHINESE:
        return _CHINESE.index(plain) + 1
    if plain.isascii() and plain.isdigit() and len(plain) <= 2 and int(plain) in CATEGORIES:  # noqa: PLR2004 - "10"
        return int(plain)
    raise BadInput(problem_zh="类别应为一类至十类（1 至 10）", problem_en="the category is a number from 1 to 10")


def parse_dated(text: str) -> str | None:
    """When a paper is dated, as far as it says: a year, a month or a day; None where it says nothing."""
    if not (plain := text.strip()):
        return None
    written = _DATED.fullmatch(plain)
    try:
        parts = [int(part) for part in written.groups() if part is not None] if written else []
        day = date(parts[0], parts[1] if len(parts) > 1 else 1, parts[2] if len(parts) > 2 else 1)  # noqa: PLR2004
    except (IndexError, ValueError) as error:
        raise BadInput(
            problem_zh="形成时间写作 1998、1998-07 或 1998-07-01",
            problem_en="a material is dated as 1998, 1998-07 or 1998-07-01",
        ) from error
    return day.isoformat()[: (4, 7, 10)[len(parts) - 1]]


def pieces_of(materials: Sequence[Material]) -> int:
    """How many pieces a list makes together."""
    return sum(one.pieces for one in materials)


def check_pieces(volume: str, counted: int, listed: int | None, reason: str | None) -> None:
    """Raises `PiecesDiffer` where a count isn't what the list or the last count says, and nobody says why."""
    if listed is not None and counted != listed and not (reason or "").strip():
        raise PiecesDiffer(volume=volume, counted=counted, listed=listed)


def check_pages(volume: str, scanned: int, listed: int | None, reason: str | None) -> None:
    """Raises `PagesDiffer` where a scan hasn't the pages of the list, and nobody says why."""
    if listed is not None and scanned != listed and not (reason or "").strip():
        raise PagesDiffer(volume=volume, counted=scanned, listed=listed)
