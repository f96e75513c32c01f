"""What readers can be told to do (读写器命令): which kinds, with what, and where a reader takes them. Pure.

A command is a row of `reader_command`; `devices.commands` sends it and notes what came of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from inventory.domain.refusals import BadInput, NotCommandable
from inventory.domain.registers import Dialect
from inventory.domain.words import Word

ANSWER_WITHIN = timedelta(seconds=10)  # a reader that says nothing for so long has not done it
READ_SECONDS_MAX = 3_600
OUTPUT_PORTS_MAX = 8
POWER_DBM_MAX = 33.0  # 2 W ERP, China's limit at the antenna, needs less at the reader
MODE_CHARACTERS_MAX = 40
PROBLEM_CHARACTERS_MAX = 200


class CommandKind(Word):
    """What a reader is told."""

    START = "start", "开始读取", "start reading"
    STOP = "stop", "停止读取", "stop reading"
    MODE = "mode", "设置模式", "set the mode"
    POWER = "power", "设置功率", "set the power"
    OUTPUT = "output", "开关输出口", "switch an output"
    CHALLENGE = "challenge", "等待刷卡", "wait for a badge"  # asked by whoever waits at a desk, never told by hand


class CommandState(Word):
    """How far a command is; the last three are for ever."""

    ASKED = "asked", "待发", "asked"
    SENT = "sent", "已发", "sent"
    DONE = "done", "完成", "done"
    FAILED = "failed", "失败", "failed"
    TIMED_OUT = "timed_out", "超时", "timed out"


@dataclass(frozen=True, slots=True)
class Topics:
    """A reader that takes commands over the broker: where it listens and where it answers."""

    commands: str
    answers: str


@dataclass(frozen=True, slots=True)
class Rest:
    """A reader that takes commands over HTTP: the root of its interface."""

    url: str


def control_of(dialect: str, topic: str, control_url: str | None) -> Topics | Rest | None:
    """Where a reader takes commands; None where it takes none.

    A native one listens beside its reads (`.../reads` -> `.../commands`, `.../answers`) unless `control_url` says otherwise;
    a Zebra at the topics of `mqtt:COMMANDS?answers=ANSWERS`; an Impinj at its http(s) address. Any other with such topics has a
    box beside it that takes native commands, as powered shelving has.
    """
    parts = urlsplit(control_url or "")
    if parts.scheme == "mqtt":
        answers = parse_qs(parts.query).get("answers")
        return Topics(parts.path, answers[0] if answers else f"{parts.path}/answers")
    if dialect == Dialect.NATIVE and not control_url:
        base = topic.removesuffix("/reads")
        return Topics(f"{base}/commands", f"{base}/answers")
    if dialect == Dialect.IMPINJ and parts.scheme in ("http", "https"):
        root = control_url or ""
        return Rest(root.rstrip("/") if parts.path.strip("/") else f"{root.rstrip('/')}/api/v1")
    return None


def is_told_natively(dialect: str, control_url: str | None) -> bool:
    """Whether it takes native commands: it opens an aisle, and stops when its seconds of reading are over; others are told."""
    return dialect == Dialect.NATIVE or (dialect != Dialect.ZEBRA and urlsplit(control_url or "").scheme == "mqtt")


def check_command(kind: CommandKind, arguments: Mapping[str, object]) -> None:
    """Raises `BadInput` for what a command of this kind doesn't take, and for one that nobody tells by hand."""
    if kind is CommandKind.CHALLENGE:
        raise _bad("该命令由系统在等待刷卡时发出", "this is told by whoever waits for a badge, not by hand")
    takes = {
        CommandKind.START: {"seconds", "aisle", "block", "room"},
        CommandKind.STOP: set[str](),
        CommandKind.MODE: {"mode"},
        CommandKind.POWER: {"dbm"},
        CommandKind.OUTPUT: {"port", "on"},
    }[kind]
    needs = takes if kind is not CommandKind.START else set()
    if not needs <= arguments.keys() <= takes:
        raise _bad(
            f"{kind.zh}应写明：{'、'.join(sorted(takes)) or '无'}",
            f"to {kind.en}, tell: {', '.join(sorted(takes)) or 'nothing'}",
        )
    seconds, port, dbm = arguments.get("seconds"), arguments.get("port"), arguments.get("dbm")
    if seconds is not None and not (_is_whole(seconds) and 1 <= seconds <= READ_SECONDS_MAX):  # type: ignore[operator]
        raise _bad(f"读取时长应为1至{READ_SECONDS_MAX}秒", f"it reads for 1 to {READ_SECONDS_MAX} seconds")
    if port is not None and not (_is_whole(port) and 1 <= port <= OUTPUT_PORTS_MAX):  # type: ignore[operator]
        raise _bad(f"输出口应为1至{OUTPUT_PORTS_MAX}", f"an output is 1 to {OUTPUT_PORTS_MAX}")
    if dbm is not None and not (
        isinstance(dbm, int | float) and not isinstance(dbm, bool) and 0 <= dbm <= POWER_DBM_MAX
    ):
        raise _bad(f"功率应为0至{POWER_DBM_MAX:.0f} dBm", f"the power is 0 to {POWER_DBM_MAX:.0f} dBm")
    mode = arguments.get("mode", "x")
    if not isinstance(mode, str) or not 1 <= len(mode) <= MODE_CHARACTERS_MAX or not mode.isprintable():
        raise _bad(f"模式应为1至{MODE_CHARACTERS_MAX}个字符", f"a mode has 1 to {MODE_CHARACTERS_MAX} characters")
    if not isinstance(arguments.get("on", True), bool):
        raise _bad("输出口应为开或关", "an output is switched on or off")


def check_commandable(reader: str, dialect: str, topic: str, control_url: str | None) -> None:
    """Raises `NotCommandable` where the reader takes no commands, or its registration doesn't say where."""
    if control_of(dialect, topic, control_url) is None:
        raise NotCommandable(reader=reader)


def said(text: object) -> str:
    """What a reader told as its reason, fit for a sentence: one printable line, not long."""
    line = "".join(character if character.isprintable() else " " for character in str(text))
    return line.strip()[:PROBLEM_CHARACTERS_MAX] or "-"


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _bad(zh: str, en: str) -> BadInput:
    return BadInput(problem_zh=zh, problem_en=en)
