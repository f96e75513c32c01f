"""Duplicates, merged agencies and deposit types: what must be proved, what must agree, what never changes."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.arrivals import ListRow
from inventory.domain.people import Role, Viewer
from inventory.domain.search import tokens_of
from inventory.operations import announcing, placing, register_work
from inventory.operations.announcing import Announcement
from inventory.operations.finding import find_dossiers, open_dossier
from inventory.operations.register_work import Announced, DepositChange, Duplicate
from inventory.operations.verifying import verify_ledger
from inventory.store.register_work import Merger
from tests.conftest import Archive
from tests.requests.conftest import ONE_ENGINE

VALID, OTHER_VALID, WRONG = "11010519491231002X", "440524188001010014", "110105194912310021"

pytestmark = ONE_ENGINE


def now() -> datetime:
    return datetime.now(UTC)


def kept(archive: Archive, number: str, id_number: str | None = None, alias: str | None = None) -> str:
    """A dossier on A-01, found by number and name, its person known by an ID number."""
    if not archive.root.execute("SELECT FROM place WHERE code = 'A-01'").rowcount:
        archive.shelf("A-01")
    archive.dossier(number, on="A-01")
    if id_number is not None:
        archive.root.execute(
            "UPDATE subject SET id_number_cipher = %s, id_number_hash = %s FROM dossier "
            "WHERE subject_id = subject.id AND number = %s",
            (archive.keys.encrypt(id_number), archive.keys.number_hash(id_number), number),
        )
    aliases = [] if alias is None else [alias]
    archive.root.execute(
        "INSERT INTO dossier_alias SELECT id, unnest(%s::text[]) FROM dossier WHERE number = %s", (aliases, number)
    )
    archive.root.execute(
        "INSERT INTO search_token SELECT unnest(%s::text[]), holding_agency_id, id FROM dossier WHERE number = %s",
        (tokens_of(number, aliases, "张三"), number),
    )
    return number


@pytest.fixture
def head(archive: Archive) -> Viewer:
    return archive.person("head", Role.AGENCY_HEAD, agency="370112")


def merge(archive: Archive, head: Viewer, duplicate: str, survivor: str, **more: object) -> int:
    told = {
        "command_id": uuid4(),
        "proof": "id_card",
        "proof_document": "核验记录 2026-7",
        "authority": "合并决定 2026-1",
        "second": archive.clerk,
    } | more
    return register_work.merge_duplicate(
        archive.app,
        head,
        Duplicate(duplicate=duplicate, survivor=survivor, **told),  # type: ignore[arg-type]
        now(),
    )


def test_a_merged_duplicate_keeps_all_it_has_and_its_numbers_lead_to_the_survivor(
    archive: Archive, head: Viewer
) -> None:
    kept(archive, "D-1", VALID)
    kept(archive, "D-2", VALID, alias="老-99")
    command = uuid4()
    assert merge(archive, head, "D-2", "D-1", proof="same_id_number", command_id=command) == 1
    assert merge(archive, head, "D-2", "D-1", proof="same_id_number", command_id=command) == 0
    assert open_dossier(archive.app, archive.keeper, "D-1", now()).aliases == ("D-2", "老-99")
    for text in ("D-2", "老-99"):
        found = find_dossiers(archive.app, archive.clerk, text, now())
        assert {one.number for one in found.dossiers} == {"D-1", "D-2"}
    assert archive.where("D-2") == "A-01"
    assert archive.root.execute(
        "SELECT marks, details::jsonb ->> 'merged_into' FROM holding JOIN act USING (volume_id, version) "
        "WHERE act.kind = 'merged'"
    ).fetchall() == [(["merged"], "D-1")]
    assert verify_ledger(archive.jobs).sound
    with pytest.raises(refusals.MarkForbids):
        merge(archive, head, "D-2", "D-1")
    kept(archive, "D-3")
    with pytest.raises(refusals.AlreadyMerged):
        merge(archive, head, "D-3", "D-2")


@pytest.mark.parametrize(
    ("ids", "proof", "document", "refusal"),
    [
        ((None, None), "same_name", "姓名相同", refusals.SameNameIsNoProof),
        ((None, None), "id_card", " ", refusals.SameNameIsNoProof),
        ((None, None), "same_id_number", "登记册", refusals.SameNameIsNoProof),
        ((VALID, None), "same_id_number", "登记册", refusals.SameNameIsNoProof),
        ((WRONG, WRONG), "same_id_number", "登记册", refusals.SameNameIsNoProof),
        ((VALID, OTHER_VALID), "same_id_number", "登记册", refusals.ProofContradicted),
        ((VALID, OTHER_VALID), "id_card", "核验记录", refusals.ProofContradicted),
    ],
)
def test_a_name_is_no_proof_and_what_the_register_knows_may_contradict(
    archive: Archive,
    head: Viewer,
    ids: tuple[str | None, str | None],
    proof: str,
    document: str,
    refusal: type[refusals.Refusal],
) -> None:
    kept(archive, "D-1", ids[0])
    kept(archive, "D-2", ids[1])
    with pytest.raises(refusal):
        merge(archive, head, "D-2", "D-1", proof=proof, proof_document=document)
    assert merge(archive, head, "D-2", "D-1", proof="police_letter", proof_document="公安函 2026-4") == 1


def test_a_merger_takes_two_reviewers_of_the_one_agency_that_holds_both(archive: Archive, head: Viewer) -> None:
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清区', 'county')")
    for number in ("D-1", "D-2", "D-3"):
        kept(archive, number)
    archive.root.execute(
        "UPDATE dossier SET holding_agency_id = (SELECT id FROM agency WHERE code = '370113') WHERE number = 'D-3'"
    )
    with pytest.raises(refusals.SecondPersonIsFirst):
        merge(archive, head, "D-2", "D-1", second=head)
    with pytest.raises(refusals.ActNotForRole):
        merge(archive, archive.keeper, "D-2", "D-1")
    with pytest.raises(refusals.DossierNotFound):
        merge(archive, head, "D-3", "D-1")
    with pytest.raises(refusals.DossierNotFound):
        merge(archive, head, "D-9", "D-1")
    with pytest.raises(refusals.MergedIntoItself):
        merge(archive, head, "D-1", "D-1")
    manager = archive.person("manager", Role.CITY_MANAGER)
    with pytest.raises(refusals.MergeAcrossAgencies):
        merge(archive, manager, "D-3", "D-1")


# ── Agencies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def announced(archive: Archive) -> tuple[str, Viewer, Viewer, Viewer, Viewer]:
    """370112, with what it has, goes into 370113: number, both heads, both managers."""
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清区', 'county')")
    giving = archive.person("giving", Role.AGENCY_HEAD, agency="370112")
    taking = archive.person("taking", Role.AGENCY_HEAD, agency="370113")
    manager, second = archive.person("manager", Role.CITY_MANAGER), archive.person("other", Role.CITY_MANAGER)
    asked = Announced(uuid4(), "济政发 2026-12", "370112", "370113")
    number = register_work.announce_merger(archive.app, manager, asked, now())
    assert register_work.announce_merger(archive.app, manager, asked, now()) == number
    with pytest.raises(refusals.MergerUnderWay):
        register_work.announce_merger(archive.app, manager, Announced(uuid4(), "另一文件", "370112", "370113"), now())
    return number, giving, taking, manager, second


def test_a_whole_agency_goes_over_by_a_document_when_three_counts_are_one(archive: Archive) -> None:
    kept(archive, "D-1", alias="老-1")
    kept(archive, "D-2")
    archive.dossier("EXPECTED")
    archive.act(ActKind.RECEIVED, "EXPECTED", "W1-D0", details={"channel": "staff"})
    row = ListRow("1", "UNRECEIVED", "王芳", None)
    on_its_way = announcing.announce(
        archive.app, archive.clerk, Announcement(uuid4(), "370112", "山东建筑大学"), [(1, row)], now()
    ).number
    number, giving, taking, manager, second = announced(archive)

    def certify(who: Viewer, count: int) -> None:
        register_work.certify_count(archive.app, who, number, count, command_id=uuid4(), now=now())

    def carry_out() -> Merger:
        return register_work.carry_out_merger(
            archive.app, manager, number, command_id=command, witness=second, now=now()
        )

    command = uuid4()
    with pytest.raises(refusals.CountsUncertified):
        carry_out()
    certify(giving, 2)
    certify(taking, 3)
    with pytest.raises(refusals.CountsDiffer) as differ:
        carry_out()
    assert differ.value.facts == {"handing": 2, "taking": 3, "held": 2}
    with pytest.raises(refusals.NotAllowed):
        certify(archive.keeper, 2)
    certify(taking, 2)
    done = carry_out()
    assert (done.state, done.dossiers, done.volumes) == ("done", 2, 3)
    assert carry_out() == done, "done once"
    assert find_dossiers(archive.app, archive.clerk, "D-1", now()).dossiers == ()
    clerk = archive.person("new-clerk", Role.WINDOW_CLERK, agency="370113")
    for text in ("D-1", "老-1", "UNRECEIVED"):
        if text == "UNRECEIVED":
            assert open_dossier(archive.app, clerk, text, now()).agency_code == "370113"
        else:
            assert [one.number for one in find_dossiers(archive.app, clerk, text, now()).dossiers] == ["D-1"]
    assert placing.open_arrival(archive.app, clerk, on_its_way, now()).arrival.agency_code == "370113"
    successor = archive.root.execute(
        "SELECT taking.code FROM agency JOIN agency AS taking ON taking.id = agency.successor_id WHERE agency.code = '370112'"
    ).fetchone()
    assert successor == ("370113",)
    told = archive.root.execute("SELECT DISTINCT authority, details FROM act WHERE kind = 'agency_changed'").fetchall()
    assert told == [("济政发 2026-12", '{"count":2,"from_agency":"370112","to_agency":"370113"}')]
    assert verify_ledger(archive.jobs).sound
    with pytest.raises(refusals.MergerClosed):
        certify(giving, 2)


def test_a_merger_that_is_withdrawn_changes_nothing_and_may_be_announced_anew(archive: Archive) -> None:
    kept(archive, "D-1")
    number, giving, taking, manager, second = announced(archive)
    with pytest.raises(refusals.NotAllowed):
        register_work.withdraw_merger(archive.app, giving, number, command_id=uuid4())
    register_work.withdraw_merger(archive.app, manager, number, command_id=uuid4())
    with pytest.raises(refusals.MergerClosed):
        register_work.carry_out_merger(archive.app, manager, number, command_id=uuid4(), witness=second, now=now())
    again = Announced(uuid4(), "济政发 2026-13", "370112", "370113")
    assert register_work.announce_merger(archive.app, manager, again, now()) != number
    assert [one.document for one in register_work.mergers(archive.app, taking)] == ["济政发 2026-13", "济政发 2026-12"]


# ── Deposit type ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_deposit_type_changes_by_an_act_with_its_proof(archive: Archive) -> None:
    kept(archive, "D-1")
    command = uuid4()
    change = DepositChange(command, "D-1", "individual", "个人存档协议 2026-5")
    assert register_work.change_deposit(archive.app, archive.clerk, change, now()) == 1
    assert register_work.change_deposit(archive.app, archive.clerk, change, now()) == 0
    assert open_dossier(archive.app, archive.clerk, "D-1", now()).deposit_type == "individual"
    for deposit_type, authority, refusal in (
        ("individual", "协议", refusals.BadInput),
        ("employer", " ", refusals.AuthorityMissing),
        ("nobody", "协议", refusals.BadDetail),
    ):
        wrong = DepositChange(uuid4(), "D-1", deposit_type, authority)
        with pytest.raises(refusal):
            register_work.change_deposit(archive.app, archive.clerk, wrong, now())
    asked = DepositChange(uuid4(), "D-1", "employer", "协议")
    with pytest.raises(refusals.ActNotForRole):
        register_work.change_deposit(archive.app, archive.keeper, asked, now())
