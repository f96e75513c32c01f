"""The papers of picking and consigning: what a pick sheet, a manifest and a discrepancy sheet say."""

from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from inventory.domain.consignments import DiscrepancyKind
from inventory.domain.people import Viewer
from inventory.domain.permissions import Permission, check_permitted
from inventory.domain.picking import parse_work_number, work_number
from inventory.domain.refusals import WaveNotFound
from inventory.domain.requests import RequestKind, request_number
from inventory.domain.travelling import Channel
from inventory.operations.consignment_views import ConsignmentView, view
from inventory.operations.count_papers import printed
from inventory.papers.sheets import (
    AisleStep,
    Difference,
    DiscrepancySheet,
    Manifest,
    ManifestRow,
    PickSheet,
    Printed,
    Term,
)
from inventory.papers.sheets import Pick as PrintedPick
from inventory.store import people, waves
from inventory.store.database import Database, raw
from inventory.store.waves import Pick, Stop

LOCAL = ZoneInfo("Asia/Shanghai")


def pick_sheet(database: Database, viewer: Viewer, wave: str, now: datetime) -> tuple[PickSheet, Printed]:
    """What is still to be picked in a wave, aisle by aisle in walking order; every dossier on it is a look."""
    check_permitted(viewer, Permission.PLAN_WAVES)
    wave_id = parse_work_number("W", wave)
    with database.transaction(viewer) as session:
        connection = raw(session)
        found = waves.wave_by_id(connection, wave_id)
        if found is None:
            raise WaveNotFound(wave=wave)
        stops = waves.stops(connection, wave_id)
        picks = [one for one in waves.picks(connection, [stop.stop_id for stop in stops]) if one.state == "open"]
        looked_at = sorted({one.dossier_id for one in picks})
        people.log_looks(connection, viewer.account_id, "pick_sheet", now, looked_at)
        foot = printed(connection, viewer, found.warehouse, now, f"pick sheet {work_number('W', wave_id)}")
    rooms = list(dict.fromkeys(stop.room or found.warehouse for stop in stops))
    sheet = PickSheet(
        work_number("W", wave_id), "、".join(rooms), viewer.name, tuple(_steps(stops, picks, len(rooms) > 1))
    )
    return sheet, foot


def _steps(stops: list[Stop], picks: list[Pick], rooms_named: bool) -> list[AisleStep]:
    by_stop = {stop_id: list(some) for stop_id, some in groupby(picks, lambda one: one.stop_id)}
    steps = []
    for (room, block, aisle), walked in groupby(stops, lambda stop: (stop.room, stop.block, stop.aisle)):
        taken = tuple(_printed_pick(stop, one) for stop in walked for one in by_stop.get(stop.stop_id, []))
        named = "·".join(part for part in (room if rooms_named else None, block) if part)
        if taken:
            steps.append(AisleStep(named or "—", aisle, taken))
    return steps


def _printed_pick(stop: Stop, one: Pick) -> PrintedPick:
    kind = RequestKind(one.kind)
    return PrintedPick(stop.shelf, one.volume, one.subject, request_number(one.request_id), Term(kind.zh, kind.en))


def manifest(database: Database, viewer: Viewer, number: str, now: datetime) -> tuple[Manifest, Printed]:
    """What a bag holds, for the two who seal it, those who carry it and whoever receives it."""
    seen = view(database, viewer, number, now)
    one = seen.consignment
    rows = tuple(
        ManifestRow(
            row.volume,
            row.agency,
            row.seal_number,
            row.pieces_out,
            "" if row.request_id is None else request_number(row.request_id),
            row.pieces_in,
        )
        for row in seen.volumes
    )
    paper = Manifest(
        seen.number,
        one.bag,
        one.origin_name,
        one.target_name,
        _channel(one.channel),
        rows,
        tuple(one.carriers or ()),
        one.tracking,
        one.bag_seal_out,
        one.bag_seal_in,
        None if one.sealed_at is None else one.sealed_at.astimezone(LOCAL),
        tuple(name for name in (one.sealed_by, one.sealed_with) if name),
    )
    return paper, _printed_for(database, viewer, seen, now, "manifest")


def discrepancy_sheet(
    database: Database, viewer: Viewer, number: str, now: datetime
) -> tuple[DiscrepancySheet, Printed]:
    """In what a bag that came differs from the bag that went, for both sides to sign."""
    seen = view(database, viewer, number, now)
    one = seen.consignment
    received = sum(row.state == "arrived" for row in seen.volumes)
    paper = DiscrepancySheet(
        f"{seen.number}-D",
        Term("交接清单", "manifest"),
        seen.number,
        one.origin_name,
        one.target_name,
        len(seen.volumes),
        received,
        (one.received_at or now).astimezone(LOCAL),
        () if one.received_by is None else (one.received_by,),
        tuple(
            Difference(
                None if row.volume is None else str(row.volume),
                None if row.subject is None else viewer.name_seen(row.subject),
                Term(DiscrepancyKind(row.kind).zh, DiscrepancyKind(row.kind).en),
                row.expected,
                row.found,
                row.reason,
            )
            for row in seen.discrepancies
        ),
    )
    return paper, _printed_for(database, viewer, seen, now, "discrepancy sheet")


def _channel(channel: str | None) -> Term:
    known = None if channel is None else Channel(channel)
    return Term("未定", "not yet") if known is None else Term(known.zh, known.en)


def _printed_for(database: Database, viewer: Viewer, seen: ConsignmentView, now: datetime, kind: str) -> Printed:
    one = seen.consignment
    warehouse = one.origin if one.origin_kind == "warehouse" else one.target
    with database.transaction(viewer) as session:
        return printed(raw(session), viewer, warehouse, now, f"{kind} {seen.number}")
