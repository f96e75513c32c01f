"""People's names as they are written, as they are compared, and as a clerk types them in pinyin.

A name is kept as written. For comparing it is *folded*; for finding it by pinyin it has readings: every syllable the
characters can be read as, a surname's own reading first, because 单 is Shan before it is Dan.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache, lru_cache
from operator import itemgetter
from typing import NamedTuple

from inventory.domain.identifiers import UNPRINTABLE
from inventory.domain.refusals import BadInput
from inventory.domain.surnames import COMPOUND_SURNAMES, SURNAMES

NAME_CHARACTERS_MAX = 60
READINGS_PER_NAME_MAX = 16
PHRASES_TO_JUDGE_BY_MIN = 10  # A character seldom heard keeps every reading it has.
CHARACTERS_CACHED_MAX = 65_536  # A city's names use some 8,000 different ones.
_COST = itemgetter(0)

_PLAIN_HAN = re.compile("[\u4e00-\u9fff]+")
# Dots of every kind between the parts of a name, blanks, and the marks inside Latin names and shelf-worn numbers.
_DOTS = "\u00b7\u0387\u1427\u16eb\u2022\u2024\u2027\u2219\u22c5\u25cf\u2e31\u2e33\u30fb\uff0e\uff65."
_BETWEEN_PARTS = re.compile(rf"[\s{_DOTS}]+")
_IGNORED = re.compile(rf"[\s{_DOTS}\-‐-―_/\\'’‘`´ʻʼ,，]+")
_ACCENTS = re.compile("[\u0300-\u036f]")


def parse_name(text: str) -> str:
    """A name as written, without surrounding blanks: 1 to 60 characters of any script."""
    name = text.strip()
    if not name or len(name) > NAME_CHARACTERS_MAX or UNPRINTABLE.search(name):
        raise BadInput(
            problem_zh=f"姓名应为1至{NAME_CHARACTERS_MAX}个可见字符",
            problem_en=f"a name has 1 to {NAME_CHARACTERS_MAX} visible characters",
        )
    return name


def folded(text: str) -> str:
    """What names and numbers are compared by: plain width, small letters, no accents, dots, hyphens or blanks.

    ü becomes v, as typed on every Chinese keyboard. 阿迪力·买买提, 阿迪力•买买提 and 阿迪力买买提 are one.
    """
    if _PLAIN_HAN.fullmatch(text):
        return text
    if not text.isascii():
        text = _plain(text)
    return UNPRINTABLE.sub("", _IGNORED.sub("", text.casefold()))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold()).replace("u\u0308", "v")
    return unicodedata.normalize("NFKC", _ACCENTS.sub("", decomposed))


def name_parts(name: str) -> list[str]:
    """The folded parts of a name with separators or blanks; a single part for most."""
    if _PLAIN_HAN.fullmatch(name):
        return [name]
    return [part for written in _BETWEEN_PARTS.split(name) if (part := folded(written))]


# ── Readings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Unit(NamedTuple):
    """What one piece of a name can be typed as, each once, the likeliest first."""

    full: tuple[str, ...]
    initials: tuple[str, ...]


class Pinyin(NamedTuple):
    """A whole name as typed, the likeliest first: full spellings without tones (shanwei) and first letters (sw)."""

    full: list[str]
    initials: list[str]


def pinyin_of(name: str) -> Pinyin:
    """All likely spellings of `name`, at most `READINGS_PER_NAME_MAX` of each kind.

    Latin letters stand for themselves; characters nobody has a reading for, and other scripts, are passed over.
    """
    units = _units(name)
    return Pinyin(_combined([unit.full for unit in units]), _combined([unit.initials for unit in units]))


def pinyin_readings(name: str) -> list[str]:
    """The full spellings of `pinyin_of`."""
    return pinyin_of(name).full


def pinyin_initials(name: str) -> list[str]:
    """The first letters of `pinyin_of`."""
    return pinyin_of(name).initials


# Seen on dossiers, unknown to pypinyin.
_SUPPLEMENT = {"𠮷": "ji", "𡋾": "shuang"}


@lru_cache(CHARACTERS_CACHED_MAX)
def _character(character: str) -> _Unit:
    """One character anywhere but in front; empty where nobody has a reading for it."""
    return _unit_of(_syllables(character))


@lru_cache(CHARACTERS_CACHED_MAX)
def _surname(character: str) -> _Unit:
    """A surname of one character: its own readings first, then what else the character can be read as."""
    return _unit_of([*SURNAMES.get(character, ()), *_syllables(character)])


@lru_cache(len(COMPOUND_SURNAMES))
def _compound_surname(surname: str) -> _Unit:
    """A surname of two characters; then what a person called 万 with the given name 俟 goes by."""
    own = [_unit_of([syllable]) for syllable in COMPOUND_SURNAMES[surname]]
    apart = [_surname(surname[0]), _character(surname[1])]
    return _Unit(
        *(
            tuple(dict.fromkeys(_combined([unit[kind] for unit in own]) + _combined([unit[kind] for unit in apart])))
            for kind in (0, 1)
        )
    )


def _syllables(character: str) -> list[str]:
    """The readings of one character, without those only the great dictionaries know, as yù for 王."""
    known = _pinyin_dict().get(ord(character)) or _SUPPLEMENT.get(character)
    if not known:
        return []
    first, *others = known.split(",")
    heard = _heard_in_phrases().get(character, Counter())
    if heard.total() < PHRASES_TO_JUDGE_BY_MIN:
        return [first, *others]
    return [first, *(syllable for syllable in others if _plain(syllable) in heard)]


@cache
def _pinyin_dict() -> dict[int, str]:
    """Every character's readings by code point.

    Read when the first name is: the dictionaries take 55 MB, and most processes never meet a name.
    """
    from pypinyin.pinyin_dict import pinyin_dict  # noqa: PLC0415

    found: dict[int, str] = pinyin_dict
    return found


@cache
def _heard_in_phrases() -> dict[str, Counter[str]]:
    """How often each character is read how in pypinyin's phrases; built once, in a fifth of a second."""
    from pypinyin.phrases_dict import phrases_dict  # noqa: PLC0415

    heard: dict[str, Counter[str]] = defaultdict(Counter)
    plain = cache(_plain)
    for phrase, readings in phrases_dict.items():
        for character, syllables in zip(phrase, readings, strict=False):
            heard[character][plain(syllables[0])] += 1
    return dict(heard)


def _unit_of(syllables: Iterable[str]) -> _Unit:
    """Syllables as they are typed: no tones, ü as v (keyboards) and as yu (passports)."""
    plain = [_plain(syllable) for syllable in syllables]
    full = dict.fromkeys(typed for syllable in plain for typed in (syllable, syllable.replace("v", "yu")))
    return _Unit(tuple(full), tuple(dict.fromkeys(typed[0] for typed in full)))


def _units(name: str) -> list[_Unit]:
    """The pieces of a name in order: the surname, each further character, each run of Latin letters."""
    units: list[_Unit] = []
    for part in name_parts(name):
        if part.isascii():
            units.append(_Unit((part,), (part[0],)))
        elif units:
            units += map(_character, part)
        elif part[:2] in COMPOUND_SURNAMES:
            units = [_compound_surname(part[:2]), *map(_character, part[2:])]
        else:
            units = [_surname(part[0]), *map(_character, part[1:])]
    return [unit for unit in units if unit.full]


def _combined(units: list[tuple[str, ...]]) -> list[str]:
    """The likeliest spellings of the whole, best first, at most `READINGS_PER_NAME_MAX`.

    A rarer reading costs one per rank in the surname and two further on: a surname's alternatives are real surnames, a
    given name's mostly dictionary dust.
    """
    if not units:
        return []
    if all(len(readings) == 1 for readings in units):
        return ["".join([readings[0] for readings in units])]
    best = [(0, "")]
    price = 1
    for readings in units:
        best = [(cost + price * rank, head + tail) for cost, head in best for rank, tail in enumerate(readings)]
        if len(best) > READINGS_PER_NAME_MAX:
            best = sorted(best, key=_COST)[:READINGS_PER_NAME_MAX]
        price = 2
    return list(dict.fromkeys([spelling for _, spelling in sorted(best, key=_COST)]))
