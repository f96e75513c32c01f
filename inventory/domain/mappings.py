"""The mapping of a reader nobody foresaw: where in its JSON things stand, and in which units. Pure.

It stands in the reader's registration as a JSON object; `Mapping.of` checks all of it and `devices.dialects.mapping` reads
payloads by it. Adding a member is one row of `_MEMBERS` and one field.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from inventory.domain.refusals import BadInput
from inventory.domain.time_patterns import TimePattern

STEPS_MAX = 8  # of a path; nobody nests deeper than that
WORDS_MAX = 20  # of a list of texts or names
CHARACTERS_MAX = 100

EVERY = "*"  # a step: each element of an array, each member of an object
# A path's first step: from the message; from what holds the read one `*` further up; the read itself; the key it stands under.
ROOT, ABOVE, ITSELF, KEY = "$", "^", "@", "@key"
STRENGTH_UNITS = {"dbm": 100, "ddbm": 10, "cdbm": 1}  # centi-dBm to one of it
EPOCH_UNITS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}  # microseconds to one of it
RFC_3339, EPOCH_NS = "rfc3339", "epoch_ns"
TIME_FORMS = (RFC_3339, *EPOCH_UNITS, EPOCH_NS)
MEMORY_FORMS = ("hex", "base64", "hex_or_base64")

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """One reader's mapping. A path is None where the reader doesn't tell the thing.

    reads: leads to the reads, with `*` for each of many. antennas: numbers of antennas that have names. ignore: messages
    that say nothing, by a path and the texts it has there (none: whatever it has). online, offline: texts that say so, at
    `status`, or as the whole message.
    """

    reads: Path = ()
    epc: Path = ()
    epc_form: str = "hex"
    tid: Path | None = None
    antenna: Path | None = None
    antennas: tuple[tuple[str, int], ...] = ()
    rssi: Path | None = None
    rssi_unit: str = "dbm"
    count: Path | None = None
    number: Path | None = None
    time: Path | None = None
    time_form: str | TimePattern = RFC_3339
    timezone: str | None = None
    barcode: Path | None = None
    ignore: tuple[tuple[Path, tuple[str, ...]], ...] = ()
    status: Path | None = None
    online: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()

    @staticmethod
    def of(told: dict[str, Any]) -> "Mapping":
        """The mapping a registration tells; raises `BadInput` with the member and what is wrong with it."""
        for name in told:
            if name not in _MEMBERS:
                known = "、".join(_MEMBERS), ", ".join(_MEMBERS)
                _refuse(name, f"没有这一项，已知：{known[0]}", f"there is no such member; there are {known[1]}")
        mapping = Mapping(**{name: _MEMBERS[name](name, value) for name, value in told.items()})
        if not mapping.epc:
            _refuse("epc", "必须给出 EPC 所在", "it must say where the EPC is")
        if (mapping.online or mapping.offline) and set(mapping.online) & set(mapping.offline):
            _refuse("online", "同一文字不能既是在线又是离线", "one text can't mean both online and offline")
        if mapping.time is None and "time_form" in told:
            _refuse("time_form", "有时间格式却没有 time", "there is a form but no time")
        return mapping


def _refuse(member: str, problem_zh: str, problem_en: str) -> NoReturn:
    shown = member[:CHARACTERS_MAX] if member.isprintable() else "?"
    raise BadInput(problem_zh=f"mapping 的 {shown}：{problem_zh}", problem_en=f"{shown} of the mapping: {problem_en}")


def _text(member: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > CHARACTERS_MAX or "\0" in value:
        _refuse(
            member, f"应为最多{CHARACTERS_MAX}个字符的文字", f"this is a text of at most {CHARACTERS_MAX} characters"
        )
    return value


def _path(member: str, value: object) -> Path:
    """A path: member names and array indices, with dots between them, or as a list where a name has a dot itself."""
    steps = value.split(".") if isinstance(value, str) else value
    if not isinstance(steps, list) or not steps or len(steps) > STEPS_MAX:
        _refuse(
            member,
            f"应为字段路径，如 tag.id，最多{STEPS_MAX}级",
            f"this is a path, as tag.id, of at most {STEPS_MAX} steps",
        )
    path = tuple(_text(member, step) for step in steps)
    if not all(path) or any(step in (ROOT, ABOVE, ITSELF, KEY) for step in path[1:]):
        _refuse(
            member,
            "$、^、@、@key 只能在路径开头，各级不能为空",
            "$, ^, @ and @key only begin a path, and no step is empty",
        )
    return path


def _field(member: str, value: object) -> Path:
    path = _path(member, value)
    if EVERY in path:
        _refuse(member, "只有 reads 中可以有 *", "only reads may have a *")
    if path[0] == KEY and len(path) > 1:
        _refuse(member, "@key 之后没有下级", "nothing is below @key")
    return path


def _reads(member: str, value: object) -> Path:
    path = _path(member, value)
    if path[0] in (ABOVE, ITSELF, KEY):
        _refuse(member, "应从消息开始，不能用 ^ 和 @", "this leads from the message, without ^ and @")
    return path[1:] if path[0] == ROOT else path


def _one_of(choices: tuple[str, ...], member: str, value: object) -> str:
    if value not in choices:
        known = ", ".join(choices)
        _refuse(member, f"应为以下之一：{known}", f"this is one of {known}")
    return str(value)


def _time_form(member: str, value: object) -> str | TimePattern:
    text = _text(member, value)
    if text in TIME_FORMS:
        return text
    try:
        return TimePattern.compile(text)
    except BadInput as refusal:
        known = ", ".join(TIME_FORMS)
        _refuse(member, f"应为 {known} 之一；或：{refusal.facts['problem_zh']}",
                f"this is one of {known}; or: {refusal.facts['problem_en']}")  # fmt: skip


def _timezone(member: str, value: object) -> str:
    try:
        return ZoneInfo(_text(member, value)).key
    except (LookupError, ValueError, OSError):
        _refuse(member, "应为 IANA 名称，如 Asia/Shanghai", "this is an IANA name, as Asia/Shanghai")


def _texts(member: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= WORDS_MAX:
        _refuse(member, f"应为1至{WORDS_MAX}个文字的数组", f"this is an array of 1 to {WORDS_MAX} texts")
    return tuple(_text(member, one) for one in value)


def _antennas(member: str, value: object) -> tuple[tuple[str, int], ...]:
    pairs = list(value.items()) if isinstance(value, dict) else []
    numbered = all(type(number) is int and 0 <= number <= 2**15 - 1 for _, number in pairs)
    if not 0 < len(pairs) <= 50 * WORDS_MAX or not numbered:
        _refuse(member, "应为“天线名: 编号”的对象", "this is an object of antennas' names and their numbers")
    return tuple((_text(member, name), number) for name, number in pairs)


def _ignore(member: str, value: object) -> tuple[tuple[Path, tuple[str, ...]], ...]:
    if not isinstance(value, dict) or not 0 < len(value) <= WORDS_MAX:
        _refuse(
            member,
            "应为“路径: 文字数组”的对象，空数组表示任何内容",
            "this is an object of paths and their texts; [] is whatever stands there",
        )
    return tuple((_field(member, path), _texts(member, texts) if texts else ()) for path, texts in value.items())


_MEMBERS: dict[str, Callable[[str, Any], Any]] = {
    "reads": _reads,
    "epc": _field,
    "epc_form": partial(_one_of, MEMORY_FORMS),
    "tid": _field,
    "antenna": _field,
    "antennas": _antennas,
    "rssi": _field,
    "rssi_unit": partial(_one_of, tuple(STRENGTH_UNITS)),
    "count": _field,
    "number": _field,
    "time": _field,
    "time_form": _time_form,
    "timezone": _timezone,
    "barcode": _field,
    "ignore": _ignore,
    "status": _field,
    "online": _texts,
    "offline": _texts,
}
