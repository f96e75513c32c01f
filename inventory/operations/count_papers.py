"""The certificate of a count as paper, and what the foot of a paper says."""

from datetime import datetime
from typing import Any

import psycopg

from inventory.domain.counting import LOCAL, Cloud, certificate_number, one_root
from inventory.domain.people import Viewer
from inventory.operations.counting import certificate, stated
from inventory.papers.sheets import CountCertificate, OpenException, Printed, Term
from inventory.store import checkpoints
from inventory.store.access_log import take_copy
from inventory.store.database import Database, raw


def certificate_paper(
    database: Database, viewer: Viewer, number: str, now: datetime
) -> tuple[CountCertificate, Printed]:
    """A certificate as it is printed, now and in ten years alike; raises `CertificateNotFound`."""
    row = certificate(database, viewer, number)
    root = (one_root(stated(row).roots) or b"").hex()
    clouds = ((Cloud(kind), dossiers) for kind, dossiers in row.exceptions.items())
    paper = CountCertificate(
        certificate_number(row.certificate_id),
        row.agency_name,
        row.agency,
        row.day,
        row.held,
        row.known_at.astimezone(LOCAL),
        row.query_hash.hex(),
        root,
        None,
        tuple(OpenException(Term(cloud.zh, cloud.en), dossiers) for cloud, dossiers in clouds),
    )
    with database.transaction(viewer) as session:
        return paper, printed(raw(session), viewer, None, now, f"certificate {paper.number}")


def printed(
    connection: psycopg.Connection[Any], viewer: Viewer, warehouse: str | None, now: datetime, paper: str
) -> Printed:
    """Who prints, when, under which copy number, and the newest signed root of the ledger.

    The root is of one warehouse, or whichever was signed last. That a copy of `paper` (kind and number) is taken, is entered.
    """
    at = now.astimezone(LOCAL).replace(microsecond=0)
    copy = str(take_copy(connection, "paper", paper))
    for signed in checkpoints.newest(connection, 1, warehouse):
        root = f"{signed.checkpoint.warehouse} #{signed.checkpoint.number}"
        return Printed(at, viewer.name, copy, signed.hash.hex(), root)
    return Printed(at, viewer.name, copy)
