"""How a dossier travels for good: the channel by what its person was and where it goes, and the notice that goes along.

Rules: "Going out" in the trade's notes. A dossier whose person's career nobody has recorded travels as if it were the
strictest [choice]: saying "none of these" takes a document, as saying anything else does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from inventory.domain.acts import ActKind
from inventory.domain.identifiers import folded_width
from inventory.domain.institutions import InstitutionClass
from inventory.domain.refusals import BadInput, NeverByEms, NeverSelfCarry
from inventory.domain.requests import Occasion
from inventory.domain.words import Word


class Channel(Word):
    """How it goes. There is no member for a person who carries it, and never will be."""

    CONFIDENTIAL = "confidential", "机要通信", "confidential courier"
    STAFF = "staff", "专人送取", "staff"
    EMS = "ems", "EMS", "EMS"

    @property
    def place(self) -> str:
        """The place a volume is at while it travels so."""
        return f"COURIER-{self.name}"


class Career(Word):
    """What a person was, as far as it decides how the dossier travels."""

    CIVIL_SERVANT = "civil_servant", "公务员", "civil servant"
    CIVIL_SERVANT_LAW = "civil_servant_law", "参照公务员法管理人员", "under the civil servants' law"
    STATE_MANAGER = "state_manager", "国家机关、国有单位管理人员", "manager of a state body"
    STATE_TECHNICIAN = "state_technician", "国家机关、国有单位专业技术人员", "technician of a state body"
    MILITARY_CIVILIAN = "military_civilian", "军队文职人员", "civilian staff of the military"
    NONE = "none", "以上均无", "none of these"


_SELF_CARRY = frozenset(
    {"self", "self_carry", "self_carried", "person", "自带", "本人自带", "个人自带", "本人", "个人"}
)


def parse_channel(text: str) -> Channel:
    """The channel by its value or its Chinese name; raises `NeverSelfCarry` where a person is to carry it."""
    told = folded_width(text).lower()
    if told in _SELF_CARRY:
        raise NeverSelfCarry
    for channel in Channel:
        if told in {channel.value, channel.zh.lower()}:
            return channel
    raise BadInput(
        problem_zh=f"渠道应为：{'、'.join(channel.zh for channel in Channel)}",
        problem_en=f"the channel is one of {', '.join(Channel)}",
    )


def strictness(careers: Iterable[Career], recipient: InstitutionClass) -> tuple[str, str] | None:
    """Why a dossier never goes by EMS, in both languages; None where it may."""
    known = frozenset(careers)
    grave = sorted(known - {Career.NONE})
    if grave:
        return f"存档人员曾为{grave[0].zh}", f"the person was a {grave[0].en}"
    if recipient.is_state_body:
        return f"档案转往{recipient.zh}", f"the dossier goes to a {recipient.en}"
    if not known:
        return "存档人员身份类别未登记，从严办理", "nobody has recorded what the person was"
    return None


def channel_for(asked: Channel | None, careers: Iterable[Career], recipient: InstitutionClass) -> Channel:
    """The channel a transfer takes: the one asked for where it may, else the safest; raises `NeverByEms`."""
    why = strictness(careers, recipient)
    if why is not None and asked is Channel.EMS:
        raise NeverByEms(because=why[0], because_en=why[1])
    return asked or (Channel.EMS if why is None else Channel.CONFIDENTIAL)


_CONFIRMED_BY = {
    Occasion.RETIREMENT: ActKind.RETIREMENT_CONFIRMED,
    Occasion.DEATH: ActKind.ARCHIVES_CONFIRMED,
}


def confirming_act(occasion: Occasion) -> ActKind:
    """The act by which a receipt closes a transfer."""
    return _CONFIRMED_BY.get(occasion, ActKind.RECEIPT_CONFIRMED)


@dataclass(frozen=True, slots=True)
class NoticeNumber:
    """The number of a transfer notice: what stands before 字, and what stands between 第 and 号."""

    series: str
    serial: str

    def __str__(self) -> str:
        return f"{self.series}字第{self.serial}号"


def notice_number(agency_code: str, year: int, serial: int) -> NoticeNumber:
    """The number of an agency's notice (字第号); serials have no gaps within its year."""
    return NoticeNumber(f"{agency_code}档转", f"{year}{serial:04d}")


def years_after(day: date, years: int) -> date:
    """The same day some years later; 29 February becomes 1 March, so that the years are full."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def months_after(day: date, months: int) -> date:
    """The same day some months later, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
