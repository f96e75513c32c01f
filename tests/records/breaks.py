"""How the access log's rules are broken by raw SQL."""

from tests.conftest import Archive


def PREPARE(archive: Archive) -> None:  # noqa: N802 - a constant of the folder, as BREAKS is
    """An entry of just now."""
    archive.root.execute("SELECT access_logged('dossier', NULL)")


BREAKS = {
    "lookup_of_todays_key": "INSERT INTO subject (name, id_number_hash) VALUES ('x', '\\x07' || sha256('')::bytea)",
    "unmask_limit": "SELECT unmasking_logged(NULL, 'letter', 'x')",
    "access_log_is_forever": "UPDATE access_log SET act = 'nothing'",
    "access_log_kept": "DELETE FROM access_log",
    "access_log_read_by_audit_admin": "SELECT * FROM access_log_read(NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL, 10)",
}
