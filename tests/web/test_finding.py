"""One box finds a dossier by whatever a clerk knows of it, and shows each role what it may see."""

from datetime import UTC, datetime, timedelta

import pytest

from inventory.domain.people import Role, Viewer
from inventory.domain.refusals import BadInput, DossierNotFound, NotAllowed, SearchByNumberOnly
from inventory.domain.whereabouts import Agreement
from inventory.operations.finding import FOUND_DOSSIERS_MAX, find_dossiers, history, open_dossier
from tests.conftest import Archive
from tests.web.stock import believe, id_number, person_of

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SHAN = id_number("37010219591203838")
EPC = "3500E86F8000A9E000000586"


@pytest.fixture
def warehouse(archive: Archive) -> Archive:
    """单晓梅 of Licheng stands on A-01, 山伟 of Changqing on A-02."""
    archive.root.execute("INSERT INTO agency (code, name, level) VALUES ('370113', '长清区档案中心', 'county')")
    archive.shelf("A-01")
    archive.shelf("A-02")
    archive.dossier("370112-01-0000001-X", on="A-01", epc=EPC)
    person_of(archive, "370112-01-0000001-X", "单晓梅", number=SHAN, aliases=["历老0456"], born=1959)
    archive.dossier("370113-01-0000002-1", on="A-02")
    person_of(archive, "370113-01-0000002-1", "山伟", agency="370113", number="370113198001011", born=1980)
    return archive


def numbers(archive: Archive, text: str, viewer: Viewer | None = None) -> list[str]:
    found = find_dossiers(archive.app, viewer or archive.keeper, text, NOW)
    return [dossier.number for dossier in found.dossiers]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("370112-01-0000001-X", id="number"),
        pytest.param("3701120100000", id="how the number begins, without hyphens"),
        pytest.param("370112-01-0000001-X/1", id="volume"),
        pytest.param("历老0456", id="old number"),
        pytest.param("单晓梅", id="name"),
        pytest.param("单", id="surname"),
        pytest.param("shanxiaomei", id="pinyin, the surname's own reading"),
        pytest.param("danxiaomei", id="pinyin, the dictionary's reading"),
        pytest.param("Shan Xiao", id="how the pinyin begins, with a blank"),
        pytest.param("sxm", id="initials"),
        pytest.param(SHAN, id="ID number"),
        pytest.param(SHAN.lower(), id="ID number, small x"),
        pytest.param(SHAN[-6:], id="last six"),
        pytest.param(EPC, id="EPC"),
        pytest.param(EPC.lower(), id="EPC in small letters"),
    ],
)
def test_a_dossier_is_found_by(warehouse: Archive, text: str) -> None:
    assert numbers(warehouse, text) == ["370112-01-0000001-X"]


def test_an_old_id_number_of_15_digits_finds_the_one_of_18(warehouse: Archive) -> None:
    warehouse.dossier("D-3")
    person_of(warehouse, "D-3", "解放", number="370102198001010015")
    assert numbers(warehouse, "370102800101001") == ["D-3"]


def test_everybody_who_can_be_meant_is_found_exact_matches_first(warehouse: Archive) -> None:
    warehouse.dossier("D-3")
    person_of(warehouse, "D-3", "山", born=1970)
    assert numbers(warehouse, "shan")[0] == "D-3"
    assert set(numbers(warehouse, "shan")) == {"D-3", "370112-01-0000001-X", "370113-01-0000002-1"}


def test_a_dossier_with_many_readings_is_found_once(warehouse: Archive) -> None:
    warehouse.dossier("D-3")
    person_of(warehouse, "D-3", "曾单仇")
    assert numbers(warehouse, "z") == []
    assert numbers(warehouse, "ze") == ["D-3"]


def test_more_than_a_page_is_said_to_be_more(warehouse: Archive) -> None:
    for serial in range(FOUND_DOSSIERS_MAX + 1):
        warehouse.dossier(f"Z-{serial:03d}")
        person_of(warehouse, f"Z-{serial:03d}", "王伟")
    found = find_dossiers(warehouse.app, warehouse.keeper, "王伟", NOW)
    assert (len(found.dossiers), found.more) == (FOUND_DOSSIERS_MAX, True)
    assert not find_dossiers(warehouse.app, warehouse.keeper, "Z-000", NOW).more


@pytest.mark.parametrize("text", ["", " ", "·", "\0", "\ud800", "x" * 81])
def test_what_finds_nothing_is_refused_in_a_sentence_without_it(warehouse: Archive, text: str) -> None:
    with pytest.raises(BadInput) as refused:
        find_dossiers(warehouse.app, warehouse.keeper, text, NOW)
    assert "xxx" not in str(refused.value)


@pytest.mark.parametrize("text", ["%", "%%%", "' OR 1=1 --", "zz%", "王_"])
def test_signs_of_sql_mean_nothing(warehouse: Archive, text: str) -> None:
    assert numbers(warehouse, text) == []


# ── Who sees what ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_clerk_finds_only_dossiers_of_the_own_agency(warehouse: Archive) -> None:
    other = warehouse.person("li", Role.WINDOW_CLERK, agency="370113")
    for text in ("shan", SHAN, SHAN[-6:], EPC, "370112-01-0000001-X", "历老0456"):
        assert "370112-01-0000001-X" not in numbers(warehouse, text, other)
    assert numbers(warehouse, "shan", warehouse.clerk) == ["370112-01-0000001-X"]
    assert numbers(warehouse, "shan", other) == ["370113-01-0000002-1"]


def test_another_agencys_dossier_looks_like_none(warehouse: Archive) -> None:
    refusals = []
    for number in ("370113-01-0000002-1", "370113-01-0000003-9", "a/b", "\0"):
        with pytest.raises(DossierNotFound) as refused:
            open_dossier(warehouse.app, warehouse.clerk, number, NOW)
        with pytest.raises(DossierNotFound):
            history(warehouse.app, warehouse.clerk, number, NOW)
        refusals.append(refused.value.sentence().replace(number, "N"))
    assert len(set(refusals)) == 1


def test_staff_sees_the_person_with_a_masked_id_number(warehouse: Archive) -> None:
    subject = open_dossier(warehouse.app, warehouse.keeper, "370112-01-0000001-X", NOW).subject
    assert (subject.name, subject.birth_year) == ("单晓梅", 1959)
    assert subject.id_number_masked == f"370102********{SHAN[-4:]}"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUPERVISOR])
def test_who_checks_sees_dossiers_and_no_persons(warehouse: Archive, role: Role) -> None:
    viewer = warehouse.person("chen", role)
    subject = open_dossier(warehouse.app, viewer, "370112-01-0000001-X", NOW).subject
    assert subject.name == "单某某"
    assert (subject.birth_year, subject.employer) == (None, None)
    assert subject.id_number_masked == "3701**************"


def test_who_sees_no_persons_cannot_find_them_by_name_either(warehouse: Archive) -> None:
    viewer = warehouse.person("chen", Role.AUDITOR)
    for text in ("单晓梅", "sxm", "shanxiaomei"):
        with pytest.raises(SearchByNumberOnly):
            find_dossiers(warehouse.app, viewer, text, NOW)
    assert numbers(warehouse, SHAN, viewer) == []
    assert numbers(warehouse, SHAN[-6:], viewer) == []
    assert numbers(warehouse, "370112-01-0000001-X", viewer) == ["370112-01-0000001-X"]
    assert numbers(warehouse, EPC, viewer) == ["370112-01-0000001-X"]


@pytest.mark.parametrize(
    "role", [Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN, Role.CONTRACTOR, Role.BORROWER]
)
def test_administrators_and_outsiders_see_no_dossiers(warehouse: Archive, role: Role) -> None:
    viewer = warehouse.person("wang", role)
    with pytest.raises(NotAllowed):
        find_dossiers(warehouse.app, viewer, "shan", NOW)
    with pytest.raises(NotAllowed):
        open_dossier(warehouse.app, viewer, "370112-01-0000001-X", NOW)


def test_every_look_is_logged_and_never_what_was_typed(warehouse: Archive) -> None:
    find_dossiers(warehouse.app, warehouse.keeper, "nobody", NOW)
    find_dossiers(warehouse.app, warehouse.keeper, "shan", NOW)
    find_dossiers(warehouse.app, warehouse.keeper, "单晓梅", NOW)
    open_dossier(warehouse.app, warehouse.keeper, "370112-01-0000001-X", NOW)
    history(warehouse.app, warehouse.keeper, "370112-01-0000001-X", NOW)
    log = warehouse.root.execute(
        "SELECT act, number FROM access_log LEFT JOIN dossier ON dossier.id = dossier_id ORDER BY access_log.id"
    ).fetchall()
    assert log == [
        ("search", None),
        ("search", "370112-01-0000001-X"),
        ("dossier", "370112-01-0000001-X"),
        ("history", "370112-01-0000001-X"),
    ]


# ── Ledger and radio side by side ────────────────────────────────────────────────────────────────────────────────────


def agreement(archive: Archive) -> Agreement:
    return open_dossier(archive.app, archive.keeper, "370112-01-0000001-X", NOW).volumes[0].agreement


def test_a_dossier_shows_where_people_put_it(warehouse: Archive) -> None:
    (volume,) = open_dossier(warehouse.app, warehouse.keeper, "370112-01-0000001-X", NOW).volumes
    assert volume.ledger is not None
    assert (volume.ledger.place.code, volume.ledger.place.path) == ("A-01", ("W1", "W1-R1", "A-01"))
    assert volume.epc == bytes.fromhex(EPC)


def test_a_volume_never_read_is_not_seen_and_not_missing(warehouse: Archive) -> None:
    assert agreement(warehouse) is Agreement.UNSEEN


def test_radio_and_ledger_agree_at_the_same_shelf(warehouse: Archive) -> None:
    believe(warehouse, "370112-01-0000001-X", "A-01", 0.6)
    assert agreement(warehouse) is Agreement.AGREES


def test_a_belief_in_the_whole_room_does_not_contradict_a_shelf_in_it(warehouse: Archive) -> None:
    believe(warehouse, "370112-01-0000001-X", "W1-R1")
    assert agreement(warehouse) is Agreement.AGREES


def test_a_sure_belief_elsewhere_differs_an_unsure_one_is_a_doubt(warehouse: Archive) -> None:
    believe(warehouse, "370112-01-0000001-X", "A-02", 0.95)
    assert agreement(warehouse) is Agreement.DIFFERS
    believe(warehouse, "370112-01-0000001-X", "A-02", 0.6)
    assert agreement(warehouse) is Agreement.DOUBTFUL


def test_what_was_read_before_the_last_move_says_nothing_about_now(warehouse: Archive) -> None:
    believe(warehouse, "370112-01-0000001-X", "A-02", 0.99, datetime.now(UTC) - timedelta(hours=1))
    assert agreement(warehouse) is Agreement.OUTDATED


def test_a_registered_dossier_nobody_received_is_not_held(warehouse: Archive) -> None:
    warehouse.dossier("D-3")
    assert open_dossier(warehouse.app, warehouse.keeper, "D-3", NOW).volumes[0].agreement is Agreement.NOT_HELD


def test_each_volume_has_its_own_place(warehouse: Archive) -> None:
    warehouse.dossier("D-3", volumes=2)
    volumes = open_dossier(warehouse.app, warehouse.keeper, "D-3", NOW).volumes
    assert [volume.volume for volume in volumes] == ["D-3", "D-3/2"]
