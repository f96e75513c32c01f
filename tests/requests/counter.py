"""What happens at a county's counter, in its own words."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from inventory.domain.acts import ActKind
from inventory.domain.evidence_slots import EvidenceSlot, slots_needed
from inventory.domain.institutions import InstitutionClass
from inventory.domain.people import Role, Viewer
from inventory.domain.registers import DepositType
from inventory.domain.request_rules import ComesBack
from inventory.domain.requests import Initiator, LetterKind, Occasion, Purpose, RequestKind
from inventory.domain.travelling import Career
from inventory.operations import (
    asking,
    deciding,
    declaring,
    institutions,
    lending,
    register_work,
    secrets_kept,
    transferring,
)
from inventory.operations.asking import Asking
from inventory.operations.institutions import NewInstitution, NewLetter
from inventory.operations.request_views import AcceptedView, RequestView
from inventory.operations.secrets_kept import Kept
from tests.conftest import Archive
from tests.web import stock
from tests.web.stock import person_of

S = EvidenceSlot
MEN = ["王强", "李伟"]
INSTITUTIONS = {
    "NOTARY": InstitutionClass.NOTARY,
    "SCHOOL": InstitutionClass.SCHOOL,
    "FACTORY": InstitutionClass.EMPLOYER,
    "COURT": InstitutionClass.COURT,
    "TOWNSHIP": InstitutionClass.TOWNSHIP_CENTRE,
    "ARCHIVES": InstitutionClass.ARCHIVES,
}
LETTERS = {
    S.LOAN_LETTER: LetterKind.LOAN_LETTER,
    S.UNIT_LETTER: LetterKind.UNIT_LETTER,
    S.TRANSFER_LETTER: LetterKind.TRANSFER_LETTER,
    S.TERMINATION_PROOF: LetterKind.PROOF,
    S.ACCEPTANCE_PROOF: LetterKind.PROOF,
    S.EMPLOYER_APPLICATION: LetterKind.UNIT_LETTER,
    S.RETIREMENT_APPROVAL: LetterKind.APPROVAL,
    S.DEATH_CERTIFICATE: LetterKind.PROOF,
    S.ARCHIVES_AGREEMENT: LetterKind.TRANSFER_LETTER,
}


def now() -> datetime:
    return datetime.now(UTC)


@cache
def password_kept(login: str) -> Kept:
    """Argon2 takes its time; one hash serves all tests."""
    return secrets_kept.kept(stock.password_of(login))


class Counter:
    """The window of agency 370112, its people, and another county's."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.app = archive.app
        archive.place("N-1", "window")
        archive.desk("W1-D1")
        archive.root.execute(
            "INSERT INTO agency (code, name, level) VALUES ('370113', '长清区档案中心', 'county') ON CONFLICT DO NOTHING"
        )
        self.head = archive.person("head", Role.AGENCY_HEAD, agency="370112")
        self.colleague = archive.person("colleague", Role.WINDOW_CLERK, agency="370112")
        self.stranger = archive.person("stranger", Role.WINDOW_CLERK, agency="370113")
        self.strange_head = archive.person("strange_head", Role.AGENCY_HEAD, agency="370113")
        self.manager = archive.person("manager", Role.CITY_MANAGER)
        for code, kind in INSTITUTIONS.items():
            new = NewInstitution(uuid4(), code, f"{code} 单位", kind, "济南市历城区1号")
            institutions.register_institution(self.app, archive.clerk, new, now())
        self._letters = 0

    def let_in(self) -> None:
        """Give everybody of the counter a password, for programs and browsers."""
        people = ("clerk", "colleague", "head", "keeper", "second", "stranger", "strange_head", "manager")
        # And administrators and borrowers, where a test has them.
        for login in (*people, "system", "security", "notary", "school"):
            kept = password_kept(login)
            self.archive.root.execute(
                "INSERT INTO account_secret (account_id, password_setting, password_verifier) "
                "SELECT id, %s, %s FROM account WHERE login = %s ON CONFLICT DO NOTHING",
                (kept.setting, kept.verifier, login),
            )

    def dossier(
        self,
        number: str,
        *,
        on: str = "A-01",
        agency: str = "370112",
        volumes: int = 1,
        shelve: bool = True,
        id_number: str | None = None,
    ) -> str:
        """A dossier of somebody whose career is known to be none of the grave ones."""
        archive = self.archive
        if not archive.root.execute("SELECT FROM place WHERE code = %s", (on,)).rowcount:
            archive.shelf(on)
        archive.dossier(number, volumes=volumes)
        person_of(archive, number, "张三", agency=agency, number=id_number)
        for ordinal in range(1, volumes + 1):
            name = number if ordinal == 1 else f"{number}/{ordinal}"
            archive.bring_in(name, "W1-D1")
            if shelve:
                archive.act(ActKind.SHELVED, name, on)
        return number

    def career(self, dossier: str, career: Career = Career.NONE) -> None:
        declaring.declare_career(self.app, self.archive.clerk, uuid4(), dossier, career, "干部登记表", now())

    def deposited(self, dossier: str, on_behalf_of: str) -> None:
        change = register_work.DepositChange(uuid4(), dossier, DepositType(on_behalf_of), "存档协议 1")
        register_work.change_deposit(self.app, self.head, change, now())

    def letter(self, kind: LetterKind = LetterKind.LOAN_LETTER, by: Viewer | None = None) -> int:
        self._letters += 1
        new = NewLetter(uuid4(), kind, f"函〔2026〕{self._letters}号", "济南市公证处", date(2026, 3, 1))
        return institutions.register_letter(self.app, by or self.archive.clerk, new, now()).letter_id

    def form(self, kind: RequestKind, sought: str, *, by: Viewer | None = None, **more: Any) -> Asking:
        """A form with all its papers; `more` are further fields of `Asking`."""
        occasion = more.get("occasion")
        initiator = more.pop("initiator", None) or (
            Initiator.PERSON if kind is RequestKind.TRANSFER else Initiator.INSTITUTION
        )
        assert isinstance(initiator, Initiator)
        slots = slots_needed(kind, occasion if isinstance(occasion, Occasion) else None, initiator)
        letters = {slot: self.letter(LETTERS[slot], by) for slot in slots if slot in LETTERS}
        fields: dict[str, object] = {
            "command_id": uuid4(),
            "kind": kind,
            "sought": sought,
            "initiator": initiator,
            "purpose": Purpose.TRANSFER if kind is RequestKind.TRANSFER else Purpose.NOTARISATION,
            "institution": None if kind is RequestKind.DISPATCH else "NOTARY",
            "paper_reason": "须核对原件笔迹",
            "letters": letters,
            "told": {S.IDENTITY_CHECK: "已核验身份证原件"} if S.IDENTITY_CHECK in slots else {},
            "window": "N-1" if kind is RequestKind.DISPATCH else None,
        }
        return Asking(**(fields | more))  # type: ignore[arg-type]

    def ask(self, form: Asking, by: Viewer | None = None) -> RequestView:
        seen = asking.ask(self.app, by or self.archive.clerk, form, now())
        assert isinstance(seen, RequestView)
        return seen

    def ask_elsewhere(self, form: Asking, by: Viewer | None = None) -> AcceptedView:
        seen = asking.ask(self.app, by or self.stranger, form, now())
        assert isinstance(seen, AcceptedView)
        return seen

    def approve(self, number: str, by: Viewer | None = None, **more: object) -> RequestView:
        decision = deciding.Decision(uuid4(), number, approve=True, **more)  # type: ignore[arg-type]
        seen = deciding.decide(self.app, by or self.head, decision, now())
        assert isinstance(seen, RequestView)
        return seen

    def approved(self, kind: RequestKind, dossier: str, **more: Any) -> RequestView:
        return self.approve(self.ask(self.form(kind, dossier, **more)).number)

    def transfer(
        self, dossier: str, occasion: Occasion = Occasion.JOB_CHANGE, to: str = "FACTORY", **more: Any
    ) -> RequestView:
        return self.approved(RequestKind.TRANSFER, dossier, occasion=occasion, institution=to, **more)

    def fetch(self, dossier: str, desk: str = "W1-D1") -> None:
        self.archive.act(ActKind.PICKED, dossier, desk, authority="R")

    def lend(self, number: str, dossier: str, command: UUID | None = None, seal: str = "F-1") -> RequestView:
        handing = lending.HandingOut(command or uuid4(), number, MEN, {dossier: seal})
        seen = lending.lend(self.app, self.archive.keeper, handing, self.archive.second, now())
        assert isinstance(seen, RequestView)
        return seen

    def give_back(self, number: str, found: Mapping[str, ComesBack]) -> RequestView:
        back = lending.ComingBack(uuid4(), number, "W1-D1", found)
        seen = lending.loan_return(self.app, self.archive.keeper, back, self.archive.second, now())
        assert isinstance(seen, RequestView)
        return seen

    def send(self, number: str, dossier: str, tracking: str = "1234567") -> RequestView:
        sending = transferring.Sending(uuid4(), number, {dossier: "F-1"}, {dossier: 12}, tracking)
        seen = transferring.send(self.app, self.archive.keeper, sending, self.archive.second, now())
        assert isinstance(seen, RequestView)
        return seen

    def state(self, number: str) -> str:
        return str(self.value(number, "state"))

    def value(self, number: str, column: str) -> object:
        row = self.archive.root.execute(f"SELECT {column} FROM request WHERE id = %s", (int(number[2:]),)).fetchone()
        assert row is not None
        return row[0]

    def set(self, number: str, **values: object) -> None:
        """Let time pass: days of a request as if it had been asked long ago."""
        for column, value in values.items():
            self.archive.root.execute(f"UPDATE request SET {column} = %s WHERE id = %s", (value, int(number[2:])))

    def legal(self, dossier: str) -> str:
        row = self.archive.root.execute(
            "SELECT legal FROM holding JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id "
            "WHERE number = %s AND ordinal = 1",
            (dossier,),
        ).fetchone()
        assert row is not None
        return str(row[0])


ID = stock.id_number("37011219800101001")
OTHER_ID = stock.id_number("37011219810202002")
THIRD_ID = stock.id_number("37011219820303003")
