"""Who sees which page in the navigation: whoever its door lets in; a page that isn't served yet isn't shown."""

from collections.abc import Collection
from dataclasses import dataclass

from inventory.domain.people import Role, Viewer
from inventory.domain.permissions import Permission, permits


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the navigation; `nav.<name>` is its text.

    not_for: roles that reach it by another page of theirs. of_the_house: it is about the warehouse and its books; the others go
    with the dossiers' own way.
    """

    name: str
    address: str
    permission: Permission
    not_for: frozenset[Role] = frozenset()
    of_the_house: bool = False

    def holds(self, path: str) -> bool:
        """Whether the page at `path` belongs under this entry."""
        return path == self.address or (self.address != "/" and path.startswith(f"{self.address}/"))

    def is_for(self, viewer: Viewer) -> bool:
        """Whether the viewer finds it in the navigation."""
        return permits(viewer, self.permission) and viewer.role not in self.not_for


# By arrivals and dossiers, where the work is.
_STAFF = Permission.SEE_DAY_WORK.roles

# In the order of a working day; then what is kept in order.
ENTRIES = (
    Entry("work", "/work", Permission.SEE_DAY_WORK),
    Entry("locate", "/", Permission.FIND_DOSSIERS),
    Entry("station", "/station", Permission.RECORD_ACTS),
    Entry("requests", "/requests", Permission.SEE_REQUESTS),
    Entry("picking", "/picking", Permission.PLAN_WAVES),
    Entry("consignments", "/consignments", Permission.SEE_CONSIGNMENTS),
    Entry("arrivals", "/arrivals", Permission.ANNOUNCE_ARRIVALS),
    Entry("scans", "/digitisation", Permission.SEE_SCANS, _STAFF),
    Entry("refusals", "/refusals", Permission.SEE_REFUSALS, _STAFF),
    Entry("searches", "/searches", Permission.SEE_SEARCHES),
    Entry("loans", "/loans", Permission.BORROW),
    Entry("sweeps", "/sweeps", Permission.SWEEP, of_the_house=True),
    Entry("labels", "/labels", Permission.SEE_LABELS, of_the_house=True),
    Entry("gates", "/gates", Permission.SEE_GATES, of_the_house=True),
    Entry("discrepancies", "/discrepancies", Permission.SEE_DISCREPANCIES, of_the_house=True),
    Entry("audits", "/audits", Permission.SEE_AUDITS, of_the_house=True),
    Entry("counts", "/counts", Permission.SEE_COUNTS, of_the_house=True),
    Entry("closing", "/closing-sheet", Permission.SEE_CLOSING_SHEET, of_the_house=True),
    Entry("accounts", "/accounts", Permission.MANAGE_ACCOUNTS, of_the_house=True),
    Entry("roles", "/roles", Permission.GRANT_ROLES, of_the_house=True),
    Entry("ties", "/ties", Permission.WITHDRAW_TIES, of_the_house=True),
    Entry("access_log", "/access-log", Permission.READ_ACCESS_LOG, of_the_house=True),
    Entry("ledger", "/ledger", Permission.SEE_LEDGER, of_the_house=True),
    Entry("readers", "/readers", Permission.SEE_READERS, of_the_house=True),
    Entry("jobs", "/jobs", Permission.SEE_JOBS, of_the_house=True),
)


def entries_for(viewer: Viewer | None, served: Collection[str]) -> tuple[Entry, ...]:
    """The entries of whoever is signed in, of the pages served."""
    if viewer is None:
        return ()
    return tuple(entry for entry in ENTRIES if entry.is_for(viewer) and entry.address in served)
