"""Somebody who reads the access log, with the session that the database asks for."""

from hashlib import sha256

import pytest

from inventory.domain.people import Role, Viewer
from tests.conftest import Archive

AUDIT_SECRET = "the audit administrator's session"


def with_session(archive: Archive, viewer: Viewer, secret: str) -> Viewer:
    """The same person with a session open."""
    archive.root.execute(
        "INSERT INTO web_session (secret_hash, account_id, created_at, expires_at) "
        "VALUES (%s, %s, now(), now() + interval '1 hour')",
        (sha256(secret.encode()).digest(), viewer.account_id),
    )
    return Viewer(
        viewer.account_id, viewer.login, viewer.name, viewer.role, viewer.agency_id, viewer.agency_name, secret
    )


@pytest.fixture
def auditor(archive: Archive) -> Viewer:
    """The audit administrator."""
    return with_session(archive, archive.person("shen", Role.AUDIT_ADMIN), AUDIT_SECRET)
