"""The papers of a transfer: its notice in three parts, and the address on its envelope."""

from datetime import datetime
from typing import Any

import psycopg

from inventory.domain.people import Viewer
from inventory.domain.refusals import RequestNotFound
from inventory.domain.requests import Occasion
from inventory.domain.travelling import Channel, months_after, notice_number
from inventory.operations.count_papers import printed
from inventory.operations.lending import volumes_of, working_row
from inventory.operations.request_views import authority_of, local_day
from inventory.operations.rule_numbers import numbers_on
from inventory.papers.sheets import AddressLabel, Printed, Term, TransferNotice
from inventory.store import people, request_facts
from inventory.store.database import Database, raw
from inventory.store.request_facts import NoticeRow
from inventory.store.requests import RequestRow


def transfer_notice(database: Database, viewer: Viewer, number: str, now: datetime) -> tuple[TransferNotice, Printed]:
    """The notice of a transfer, as it stands: to be printed when the envelope is sealed. Raises `RequestNotFound`."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        row, told = _transfer(connection, viewer, number, now)
        volumes = volumes_of(connection, row)
        authority = authority_of(connection, row)
        months = numbers_on(connection, local_day(now)).receipt_months
        foot = printed(connection, viewer, None, now, f"transfer notice {number}")
    sent_on = row.sent_on or local_day(now)
    called = notice_number(told.agency_code, told.year, told.serial)
    seals = [volume.seal_number for volume in volumes if volume.seal_number]
    assert row.occasion is not None, "a transfer has its occasion"
    notice = TransferNotice(
        called.series,
        called.serial,
        told.agency,
        told.recipient,
        told.address,
        told.subject,
        row.dossier or "",
        1,
        len(volumes) - 1,
        sum(volume.pieces or 0 for volume in volumes),
        Occasion(row.occasion).zh,
        authority,
        _channel(row),
        sent_on,
        months_after(sent_on, months),
        tuple(name for name in (told.sealed_by, told.sealed_with) if name),
        told.sent_by or viewer.name,
        told.employer,
        "、".join(seals) or told.seal_number,
        row.tracking,
    )
    return notice, foot


def address_label(database: Database, viewer: Viewer, number: str, now: datetime) -> tuple[AddressLabel, Printed]:
    """The address on a transfer's outer envelope; nobody's name stands on it."""
    with database.transaction(viewer) as session:
        connection = raw(session)
        row, told = _transfer(connection, viewer, number, now)
        foot = printed(connection, viewer, None, now, f"address label {number}")
    called = notice_number(told.agency_code, told.year, told.serial)
    secret = "机密" if row.channel == Channel.CONFIDENTIAL else None
    label = AddressLabel(
        told.recipient, told.address, told.agency, told.agency, str(called), _channel(row), confidentiality=secret
    )
    return label, foot


def _transfer(
    connection: psycopg.Connection[Any], viewer: Viewer, number: str, now: datetime
) -> tuple[RequestRow, NoticeRow]:
    row = working_row(connection, viewer, number)
    told = request_facts.notice(connection, row.request_id)
    if told is None:
        raise RequestNotFound(request=number)
    people.log_access(connection, viewer.account_id, "transfer_notice", now, row.dossier_id)
    return row, told


def _channel(row: RequestRow) -> Term:
    assert row.channel is not None, "approval computes it"
    channel = Channel(row.channel)
    return Term(channel.zh, channel.en)
