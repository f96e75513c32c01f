"""How a dossier is found: the tokens it stands under, and what a clerk can have meant by what stands in the one box.

Table `search_token` holds a dossier's tokens; a query looks for equal ones and for ones that begin alike, in byte
order. ID numbers are never tokens: they are looked up by keyed hash.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from inventory.domain.epcs import parse_epc
from inventory.domain.identifiers import folded_width, read_id_number
from inventory.domain.names import folded, name_parts, pinyin_of
from inventory.domain.refusals import BadInput

TOKEN_CHARACTERS_MAX = 64
QUERY_CHARACTERS_MAX = 80
LATIN_PREFIX_CHARACTERS_MIN = 2  # One letter or digit begins a tenth of the warehouse.
_LAST_CODE_POINT = 0x10FFFF
_FIRST_SURROGATE, _LAST_SURROGATE = 0xD800, 0xDFFF  # No text in UTF-8 holds these.

_VOLUME = re.compile(r"/[0-9]{1,3}$")
_LOOKS_LIKE_ID = re.compile(r"[0-9]{15}|[0-9]{17}[0-9x]")
_LAST_SIX = re.compile(r"[0-9]{5}[0-9x]")
_LOOKS_LIKE_EPC = re.compile(r"(?:[0-9a-f]{4}){6,}")  # 96 bits at least: shorter ones are too easily numbers.


def tokens_of(number: str, aliases: Iterable[str], name: str) -> list[str]:
    """Everything a dossier is found under, each once, at most `TOKEN_CHARACTERS_MAX` characters long.

    Its number and aliases without separators, its name and the later parts of a name with dots, and the name in pinyin:
    full and first letters, in all likely readings.
    """
    pinyin = pinyin_of(name)
    written = [folded(number), *map(folded, aliases), folded(name), *name_parts(name)[1:]]
    return list(dict.fromkeys([t[:TOKEN_CHARACTERS_MAX] for t in (*written, *pinyin.full, *pinyin.initials) if t]))


@dataclass(frozen=True, slots=True, repr=False)  # No repr: a query holds a person's name or number.
class Query:
    """What the box can have meant; whatever is set is looked for, and the findings are put together.

    id_number: normalised as `read_id_number` does; also a wrong one, for old papers carry wrong ones.
    id_last_six: six characters, the last a digit or X. epc: its bytes. exact: tokens to be met whole. prefixes: what
    tokens begin with.
    """

    exact: tuple[str, ...]
    prefixes: tuple[str, ...]
    id_number: str | None = None
    id_last_six: str | None = None
    epc: bytes | None = None


def interpret(text: str) -> Query:
    """What `text` from the one box asks for; raises `BadInput`, which never repeats the text."""
    if len(text) > QUERY_CHARACTERS_MAX:
        raise BadInput(
            problem_zh=f"检索内容最多{QUERY_CHARACTERS_MAX}个字符",
            problem_en=f"a search has at most {QUERY_CHARACTERS_MAX} characters",
        )
    # A volume is found by its dossier; the slash goes before folding would glue "/2" to the number.
    token = folded(_VOLUME.sub("", folded_width(text)))[:TOKEN_CHARACTERS_MAX]
    if not token:
        raise BadInput(
            problem_zh="请输入档案编号、姓名、拼音或身份证号",
            problem_en="type a dossier number, a name, pinyin or an ID number",
        )
    return Query(
        exact=(token,),
        prefixes=(token,) if len(token) >= LATIN_PREFIX_CHARACTERS_MIN or not token.isascii() else (),
        id_number=read_id_number(token, historic=True).normalised if _LOOKS_LIKE_ID.fullmatch(token) else None,
        id_last_six=token.upper() if _LAST_SIX.fullmatch(token) else None,
        epc=parse_epc(token) if _LOOKS_LIKE_EPC.fullmatch(token) else None,
    )


def prefix_range(prefix: str) -> tuple[str, str]:
    """The bounds of the tokens beginning with `prefix`: low <= token < high by UTF-8 bytes (collation C)."""
    kept = prefix.rstrip(chr(_LAST_CODE_POINT))
    if not kept:  # Nothing sorts behind it but a longer run of the same than any token has.
        return prefix, chr(_LAST_CODE_POINT) * (TOKEN_CHARACTERS_MAX + 1)
    following = ord(kept[-1]) + 1
    if _FIRST_SURROGATE <= following <= _LAST_SURROGATE:
        following = _LAST_SURROGATE + 1
    return prefix, kept[:-1] + chr(following)
