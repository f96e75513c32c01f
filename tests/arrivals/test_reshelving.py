"""Bulk re-shelving: a plan, batches over days, and what somebody took away meanwhile."""

from time import monotonic
from uuid import uuid4

import pytest

from inventory.domain import refusals
from inventory.domain.acts import ActKind
from inventory.domain.identifiers import VolumeName
from inventory.operations import reshelving
from inventory.operations.reshelving import Plan
from inventory.operations.verifying import verify_ledger
from tests.arrivals.conftest import ONE_ENGINE, now
from tests.conftest import Archive

CARRIED_SECONDS_MAX = 20  # 3,000 volumes, on two busy cores


def planned(archive: Archive, **more: object) -> str:
    return reshelving.plan(archive.app, archive.keeper, Plan(uuid4(), "三号库倒架", **more), now())  # type: ignore[arg-type]


def carry(archive: Archive, number: str, to_place: str, *volumes: str) -> int:
    names = [VolumeName(volume) for volume in volumes] or None
    return reshelving.carry_out(archive.app, archive.keeper, uuid4(), number, to_place, now(), names)


def test_shelves_are_emptied_into_others_batch_by_batch(yard: Archive) -> None:
    for one in range(6):
        yard.dossier(f"D-{one}", on="A-01" if one < 4 else "A-02")
    number = planned(yard, shelves=[("A-01", "A-03")], volumes=[(VolumeName("D-5"), "A-03")])
    assert carry(yard, number, "A-03", "D-0", "D-1") == 2
    yard.act(ActKind.PICKED, "D-2", "W1-D1", authority="R-000001")
    view = reshelving.open_plan(yard.app, yard.keeper, number)
    assert (view.plan.volumes, view.plan.done, view.plan.elsewhere) == (5, 2, 1)
    assert [(leg.from_place, leg.to_place, leg.volumes, leg.done) for leg in view.legs] == [
        ("A-01", "A-03", 4, 2), ("A-02", "A-03", 1, 0),
    ]  # fmt: skip
    assert carry(yard, number, "A-03") == 2  # all that is left for that shelf
    assert carry(yard, number, "A-03") == 0
    assert [yard.where(f"D-{one}") for one in range(6)] == ["A-03", "A-03", "W1-D1", "A-03", "A-02", "A-03"]
    acts = yard.root.execute("SELECT DISTINCT kind, authority FROM act WHERE kind = 'reshelved'").fetchall()
    assert acts == [("reshelved", number)]
    assert verify_ledger(yard.jobs).sound


@ONE_ENGINE
def test_a_plan_leads_from_shelves_to_other_shelves_and_a_volume_is_in_one_plan(yard: Archive) -> None:
    yard.dossier("D-1", on="A-01")
    yard.dossier("D-2")
    for refusal, more in (
        (refusals.PlaceNotFound, {"shelves": [("A-01", "W1-D1")]}),
        (refusals.PlaceNotFound, {"shelves": [("NOWHERE", "A-02")]}),
        (refusals.AlreadyThere, {"shelves": [("A-01", "A-01")]}),
        (refusals.DossierNotFound, {"volumes": [(VolumeName("D-2"), "A-02")]}),
        (refusals.BadInput, {}),
    ):
        with pytest.raises(refusal):
            planned(yard, **more)
    number = planned(yard, shelves=[("A-01", "A-02")])
    with pytest.raises(refusals.SameVolumeTwice):
        planned(yard, shelves=[("A-01", "A-03")])
    with pytest.raises(refusals.NotMatched):
        carry(yard, number, "A-03", "D-1")
    with pytest.raises(refusals.NotAllowed):
        reshelving.carry_out(yard.app, yard.clerk, uuid4(), number, "A-02", now())
    with pytest.raises(refusals.BatchNotFound):
        carry(yard, "P-000099", "A-02")


@ONE_ENGINE
def test_three_thousand_volumes_are_carried_in_one_batch(yard: Archive) -> None:
    yard.root.execute("INSERT INTO subject (name) VALUES ('某')")
    yard.root.execute(
        "INSERT INTO dossier (number, subject_id, holding_agency_id) "
        "SELECT 'T-' || n, (SELECT max(id) FROM subject), (SELECT max(id) FROM agency) FROM generate_series(1, 3000) AS n"
    )
    yard.root.execute("INSERT INTO volume (dossier_id) SELECT id FROM dossier")
    service = yard.root.execute("SELECT id FROM account WHERE login = 'register'").fetchone()
    yard.root.execute(
        "SELECT ledger_append(gen_random_uuid(), '\\x00', 'registered', %s, NULL, array_agg(volume.id), "
        "array_agg(0), array_agg((SELECT id FROM place WHERE code = 'A-01')), array_agg(NULL::text), 'list', 'x', now()) "
        "FROM volume",
        service,
    )
    number = planned(yard, shelves=[("A-01", "A-02")])
    begun = monotonic()
    assert carry(yard, number, "A-02") == 3000
    assert monotonic() - begun < CARRIED_SECONDS_MAX
    assert reshelving.open_plan(yard.app, yard.keeper, number).plan.done == 3000
