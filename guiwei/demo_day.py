"""A working day to begin the demo with: institutions, letters, requests in every state, a bag, an arrival with its list.

Everything goes through the operations a site uses, so that what the pages show is what pages could have done.
"""

import csv
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

from devices.simulator.city import City
from inventory.domain.evidence_slots import EvidenceSlot
from inventory.domain.institutions import InstitutionClass
from inventory.domain.people import Viewer
from inventory.domain.places import PlaceKind
from inventory.domain.refusals import CommandReused, NameTaken
from inventory.domain.requests import Initiator, LetterKind, Occasion, Purpose, RequestKind
from inventory.operations import announcing, asking, consigning, deciding, institutions
from inventory.operations.announcing import Announcement
from inventory.operations.asking import Asking
from inventory.operations.deciding import Decision
from inventory.operations.institutions import NewInstitution, NewLetter
from inventory.store.database import Database

AGENCY = "370112"
WINDOW = f"W1-WINDOW-{AGENCY}"
INSTITUTIONS = (
    ("JN-SI-01", "济南市社会保险事业中心", InstitutionClass.SOCIAL_INSURANCE, "济南市历下区解放东路 16 号"),
    ("LC-NOTARY", "历城区公证处", InstitutionClass.NOTARY, "济南市历城区山大北路 47 号"),
    ("JN-HR-02", "济南市第二机床厂人力资源部", InstitutionClass.EMPLOYER, "济南市槐荫区机床二厂路 4 号"),
    ("LC-TOWN-07", "历城区洪家楼街道社会服务中心", InstitutionClass.TOWNSHIP_CENTRE, "济南市历城区花园路 88 号"),
    ("QD-AG-01", "青岛市市南区档案管理服务中心", InstitutionClass.AGENCY, "青岛市市南区宁夏路 190 号"),
)


@dataclass(frozen=True)
class Crew:
    """Who works in the demo's first hours."""

    clerk: Viewer
    head: Viewer
    keeper: Viewer
    manager: Viewer


def begin(database: Database, city: City, crew: Crew, now: datetime) -> None:
    """Record the morning; a second start finds it done, because every command has the same id.

    On another day, or with another version, the same command would say something else: then the morning stands as it is.
    """
    with suppress(CommandReused):
        _record_morning(database, city, crew, now)


def _record_morning(database: Database, city: City, crew: Crew, now: datetime) -> None:
    letters = _register(database, crew, now)
    numbers = _on_shelves(city)
    asked = [
        asking.ask(database, crew.clerk, form, now).number
        for form in _forms(letters, [next(numbers) for _ in range(9)])
    ]
    for number in asked[:-2]:
        deciding.decide(database, crew.head, Decision(_command(f"decide {number}"), number, approve=True), now)
    for bag in ("BAG-01", "BAG-02"):
        with suppress(NameTaken):
            consigning.register_bag(database, crew.keeper, bag, now)
    _expect(database, crew, now)


def _command(what: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"guiwei demo {what}")


def _register(database: Database, crew: Crew, now: datetime) -> dict[LetterKind, int]:
    """The institutions, and a letter of each kind; returns the letters' row ids."""
    for code, name, kind, address in INSTITUTIONS:
        new = NewInstitution(_command(code), code, name, kind, address)
        institutions.register_institution(database, crew.manager, new, now)
    dated = now.date() - timedelta(days=3)
    return {
        kind: institutions.register_letter(
            database, crew.clerk, NewLetter(_command(f"letter {kind}"), kind, number, issuer, dated), now
        ).letter_id
        for kind, number, issuer in (
            (LetterKind.LOAN_LETTER, "济社保借〔2026〕118 号", INSTITUTIONS[0][1]),
            (LetterKind.UNIT_LETTER, "历证函〔2026〕45 号", INSTITUTIONS[1][1]),
            (LetterKind.TRANSFER_LETTER, "机二调〔2026〕32 号", INSTITUTIONS[2][1]),
            (LetterKind.PROOF, "解除劳动合同证明 2026-19", "济南泉城物业服务有限公司"),
        )
    }


def _on_shelves(city: City) -> Iterator[str]:
    """Numbers of the agency's dossiers that stand in the mobile shelving, far apart."""
    agency = next(index for index, row in enumerate(city.agencies) if row.code == AGENCY)
    found = [
        number.decode()
        for number, holder, place in zip(city.dossiers.number, city.dossiers.agency, city.dossiers.place, strict=True)
        if holder == agency and city.places[place].kind is PlaceKind.SHELF
    ]
    return iter(found[:: max(1, len(found) // 12)])


def _forms(letters: dict[LetterKind, int], numbers: list[str]) -> Iterator[Asking]:
    loan = {EvidenceSlot.LOAN_LETTER: letters[LetterKind.LOAN_LETTER]}
    unit = {EvidenceSlot.UNIT_LETTER: letters[LetterKind.UNIT_LETTER]}
    for number in numbers[:3]:
        yield Asking(
            _command(f"ask {number}"), RequestKind.LOAN, number, Initiator.INSTITUTION, Purpose.SOCIAL_INSURANCE,
            institution=INSTITUTIONS[0][0], letters=loan, paper_reason="需核对原件",
        )  # fmt: skip
    for number in numbers[3:5]:
        yield Asking(
            _command(f"ask {number}"), RequestKind.DISPATCH, number, Initiator.PERSON, Purpose.MATERIALS, window=WINDOW,
        )  # fmt: skip
    yield Asking(
        _command(f"ask {numbers[5]}"), RequestKind.CONSULTATION, numbers[5], Initiator.INSTITUTION, Purpose.NOTARISATION,
        institution=INSTITUTIONS[1][0], letters=unit, paper_reason="需核对原件",
    )  # fmt: skip
    for number in numbers[6:8]:
        yield Asking(
            _command(f"ask {number}"), RequestKind.TRANSFER, number, Initiator.PERSON, Purpose.TRANSFER,
            occasion=Occasion.JOB_CHANGE, institution=INSTITUTIONS[2][0],
            letters={
                EvidenceSlot.TRANSFER_LETTER: letters[LetterKind.TRANSFER_LETTER],
                EvidenceSlot.TERMINATION_PROOF: letters[LetterKind.PROOF],
            },
            told={EvidenceSlot.IDENTITY_CHECK: "窗口核验身份证原件"},
        )  # fmt: skip
    yield Asking(
        _command(f"ask {numbers[8]}"), RequestKind.LOAN, numbers[8], Initiator.INSTITUTION, Purpose.SOCIAL_INSURANCE,
        institution=INSTITUTIONS[0][0], letters=loan, paper_reason="需核对原件",
    )  # fmt: skip


def _expect(database: Database, crew: Crew, now: datetime) -> None:
    """A small move-in is announced: two boxes of an agency's own stock, not arrived yet."""
    names = ("孙桂芳", "宋志强", "单晓云", "解文博", "曾庆海", "郭·阿依努尔", "韩冬梅", "尉迟明", "姜海燕", "杜建军")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "移交清单.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("box", "number", "name"))
            rows.writerows((1 + place // 5, f"LC-1998-{place + 1:04d}", name) for place, name in enumerate(names))
        announcement = Announcement(
            _command("move-in"), AGENCY, "历城区人才交流服务中心", boxes=2, note="整体移交第一批"
        )
        announcing.announce_file(database, crew.manager, announcement, path, now)
