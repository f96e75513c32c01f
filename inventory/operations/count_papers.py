"""The certificate of a count as paper, and what the foot of a paper says."""

from datetime import datetime
from typing import Any

import psycopg

from inventory.domain.counting import LOCAL, Cloud, certificate_number, one_root
from inventory.domain.people import Viewer
from inventory.operations.counting import certificate, stated
from inventory.papers.sheets import CountCertificate, OpenException, Printed, Term
from inventory.store import ledger
from inventory.store.database import Database


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
    return paper, Printed(now.astimezone(LOCAL).replace(microsecond=0), viewer.name, root or None)


def printed(connection: psycopg.Connection[Any], viewer: Viewer, warehouse: str | None, now: datetime) -> Printed:
    """Who prints, when, and the newest act there is: of one warehouse, or over all of them."""
    heads = ledger.warehouses(connection)
    roots = [(head.warehouse, head.sequence, head.hash) for head in heads if warehouse in {None, head.warehouse}]
    root = one_root(roots)
    return Printed(now.astimezone(LOCAL).replace(microsecond=0), viewer.name, None if root is None else root.hex())
