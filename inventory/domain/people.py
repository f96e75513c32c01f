"""The people of the warehouse: their roles, what each role sees, and the person who asks just now.

Rules: the table under "People" in the trade's notes. Adding a role is one row of `_RIGHTS`.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise

from inventory.domain.masking import MaskStyle, mask_id
from inventory.domain.refusals import BadInput, NotAllowed, SearchByNumberOnly, WrongRole
from inventory.domain.search import Query

LOGIN_CHARACTERS_MAX = 40
PERSON_NAME_CHARACTERS_MAX = 60
PASSWORD_CHARACTERS_MIN = 10
PASSWORD_KINDS_MIN = 4  # different characters
NAME_PART_MIN = 4  # shorter logins stand in too many words
PIN_DIGITS = 6
PASSWORD_CHARACTERS_MAX = 200  # argon2 takes any length; a megabyte of password is an attack, not a password.


class Role(StrEnum):
    """What a person is here for; the value is what `account.role` holds."""

    KEEPER = "keeper"
    WINDOW_CLERK = "window_clerk"
    AGENCY_HEAD = "agency_head"
    CITY_MANAGER = "city_manager"
    AUDITOR = "auditor"
    SUPERVISOR = "supervisor"
    CONTRACTOR = "contractor"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"
    BORROWER = "borrower"
    UNASSIGNED = "unassigned"
    SERVICE = "service"

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return _RIGHTS[self].zh

    @property
    def en(self) -> str:
        """Its name in English."""
        return _RIGHTS[self].en

    @property
    def rights(self) -> "Rights":
        """What it may see and do."""
        return _RIGHTS[self]


class Reach(StrEnum):
    """Whose dossiers a role sees."""

    NONE = "none"
    OWN_AGENCY = "own_agency"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Rights:
    """One row of the table: names of the role, whose dossiers it sees, how much of a person, and what it does."""

    zh: str
    en: str
    dossiers: Reach
    sees_persons: bool = False  # name, birth year and former employer; else the surname alone
    id_mask: MaskStyle = MaskStyle.SUPERVISOR


_STAFF = MaskStyle.STAFF
_RIGHTS: dict[Role, Rights] = {
    Role.KEEPER: Rights("库房管理员", "keeper", Reach.ALL, sees_persons=True, id_mask=_STAFF),
    Role.WINDOW_CLERK: Rights("窗口经办人", "window clerk", Reach.OWN_AGENCY, sees_persons=True, id_mask=_STAFF),
    Role.AGENCY_HEAD: Rights("机构负责人", "agency head", Reach.OWN_AGENCY, sees_persons=True, id_mask=_STAFF),
    Role.CITY_MANAGER: Rights("市级主管", "city manager", Reach.ALL, sees_persons=True, id_mask=_STAFF),
    Role.AUDITOR: Rights("审计员", "auditor", Reach.ALL),
    Role.SUPERVISOR: Rights("监督员", "supervisor", Reach.ALL),
    Role.CONTRACTOR: Rights("数字化外包", "digitisation contractor", Reach.NONE),
    Role.SYSTEM_ADMIN: Rights("系统管理员", "system administrator", Reach.NONE),
    Role.SECURITY_ADMIN: Rights("安全管理员", "security administrator", Reach.NONE),
    Role.AUDIT_ADMIN: Rights("审计管理员", "audit administrator", Reach.NONE),
    Role.BORROWER: Rights("查借阅单位", "borrower", Reach.NONE),
    Role.UNASSIGNED: Rights("未授权", "not yet assigned", Reach.NONE),
    Role.SERVICE: Rights("系统服务", "service", Reach.NONE),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever asks: an account with its role and, for the people of one agency, that agency.

    `secret` is what the session or token presents to the database, whose policies ask it who this is; nobody else does.
    """

    account_id: int
    login: str
    name: str
    role: Role
    agency_id: int | None = None
    agency_name: str | None = None
    secret: str = field(default="", repr=False, compare=False)

    @property
    def rights(self) -> Rights:
        """What the viewer's role may see and do."""
        return self.role.rights

    def agency_seen(self) -> int | None:
        """The one agency whose dossiers the viewer sees, None for all; raises `NotAllowed` where it sees none."""
        reach = self.rights.dossiers
        if reach is Reach.ALL:
            return None
        if reach is Reach.OWN_AGENCY and self.agency_id is not None:
            return self.agency_id
        raise NotAllowed

    def name_seen(self, name: str) -> str:
        """A subject's name as the viewer gets it: `张某某` where the role sees no persons."""
        return name if self.rights.sees_persons else f"{name[:1]}某某"

    def id_number_seen(self, id_number: str) -> str:
        """A subject's ID number as the viewer gets it; never whole."""
        return mask_id(id_number, self.rights.id_mask)

    def narrowed(self, query: Query) -> Query:
        """The query as far as the viewer may ask it.

        Finding somebody by name would undo the mask, so who sees no persons asks by number or tag: by what has a digit.
        Raises `SearchByNumberOnly` where nothing is left of the query.
        """
        if self.rights.sees_persons:
            return query
        exact = tuple(filter(_has_digit, query.exact))
        prefixes = tuple(filter(_has_digit, query.prefixes))
        if not (exact or prefixes or query.epc):
            raise SearchByNumberOnly
        return Query(exact, prefixes, epc=query.epc)


def _has_digit(token: str) -> bool:
    return any(map(str.isdigit, token))


def parse_role(text: str) -> Role:
    """The role by its value or its Chinese name; raises `WrongRole`."""
    for role in Role:
        if text.strip() in (role.value, role.zh):
            return role
    raise WrongRole(known_zh="、".join(role.zh for role in Role), known_en=", ".join(Role))


def parse_login(text: str) -> str:
    """A login: 1 to 40 printable characters without blanks, small letters."""
    login = text.strip().lower()
    if not login or len(login) > LOGIN_CHARACTERS_MAX or not login.isprintable() or " " in login:
        raise BadInput(
            problem_zh=f"用户名应为1至{LOGIN_CHARACTERS_MAX}个字符，不含空格",
            problem_en=f"a user name has 1 to {LOGIN_CHARACTERS_MAX} characters and no blanks",
        )
    return login


def parse_person_name(text: str) -> str:
    """A person's name; raises `BadInput`."""
    name = text.strip()
    if not name or len(name) > PERSON_NAME_CHARACTERS_MAX or not name.isprintable():
        raise BadInput(
            problem_zh=f"姓名应为1至{PERSON_NAME_CHARACTERS_MAX}个可见字符",
            problem_en=f"a name has 1 to {PERSON_NAME_CHARACTERS_MAX} visible characters",
        )
    return name


# Of the lists of what people really choose, those long enough for us; and our own.
_WORST_WORDS = (
    "1234567890 0123456789 9876543210 0987654321 1111111111 0000000000 8888888888 6666666666 1234567891 12345678910 "
    "123456789a a123456789 aa123456789 1q2w3e4r5t q1w2e3r4t5 1qaz2wsx3edc qwertyuiop qwerty12345 qwerty123456 asdfghjkl1 "
    "password12 password123 password1234 passw0rd123 p@ssw0rd123 administrator admin12345 admin123456 admin@1234 "
    "woaini1314520 woaini1314 iloveyou123 woaini520520 5201314520 1314520520 abcd123456 abc1234567 a1b2c3d4e5 abcdefghij "
    "letmein1234 welcome123 changeme123 guiwei12345 guiwei123456 dangan123456 dangan12345"
)
_WORST_PASSWORDS = frozenset(_WORST_WORDS.split())


def check_password(password: str, login: str, name: str = "") -> None:
    """Raises `BadInput` for a password that is too short, too long, one of the worst, or holds login or name.

    Length and the list instead of classes of characters, and no expiry: both make people count up, as current guidance says.
    """
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise BadInput(
            problem_zh=f"密码应为{PASSWORD_CHARACTERS_MIN}至{PASSWORD_CHARACTERS_MAX}个字符",
            problem_en=f"a password has {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters",
        )
    plain = password.strip().lower()
    if plain in _WORST_PASSWORDS or len(set(plain)) < PASSWORD_KINDS_MIN:
        raise BadInput(
            problem_zh="这个密码太常见，别人第一个就会猜到",
            problem_en="that password is among the first anybody would guess",
        )
    if any(len(part) >= NAME_PART_MIN and part in plain for part in (login, name.strip().lower())):
        raise BadInput(
            problem_zh="密码中不能含有用户名或姓名", problem_en="the password can't hold the user name or your name"
        )


def check_pin(pin: str) -> None:
    """Raises `BadInput` for a PIN that isn't six digits, or one that a colleague guesses: all alike, in a row, a birthday."""
    if len(pin) != PIN_DIGITS or not (pin.isascii() and pin.isdigit()):
        raise BadInput(problem_zh=f"口令应为 {PIN_DIGITS} 位数字", problem_en=f"a PIN has {PIN_DIGITS} digits")
    steps = {(int(later) - int(earlier)) % 10 for earlier, later in pairwise(pin)}
    repeats = pin[:3] == pin[3:] or pin[:2] * 3 == pin
    if len(steps) == 1 or repeats or _may_be_birthday(pin):
        raise BadInput(
            problem_zh="口令太容易猜到：不要用相同、连续、重复的数字或生日",
            problem_en="that PIN is too easy to guess: no digits all alike, in a row or repeated, and no birthday",
        )


def _may_be_birthday(pin: str) -> bool:
    """Whether it reads as year, month and day, as everybody's ID number does."""
    try:
        date(2000 + int(pin[:2]), int(pin[2:4]), int(pin[4:]))
    except ValueError:
        return False
    return True
