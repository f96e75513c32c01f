"""Who sees which page in the navigation; a page that isn't served yet isn't shown."""

from collections.abc import Collection
from dataclasses import dataclass

from inventory.domain.people import Reach, Role, Viewer


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the navigation; `nav.<name>` is its text."""

    name: str
    address: str
    roles: frozenset[Role]

    def holds(self, path: str) -> bool:
        """Whether the page at `path` belongs under this entry."""
        return path == self.address or (self.address != "/" and path.startswith(f"{self.address}/"))


_KEEPER, _CLERK, _HEAD, _MANAGER = Role.KEEPER, Role.WINDOW_CLERK, Role.AGENCY_HEAD, Role.CITY_MANAGER
_STAFF = frozenset({_KEEPER, _CLERK, _HEAD, _MANAGER})
_WATCHERS = frozenset({Role.AUDITOR, Role.SUPERVISOR})
_FINDERS = frozenset(role for role in Role if role.rights.dossiers is not Reach.NONE)

# In the order of a working day.
ENTRIES = (
    Entry("work", "/work", _STAFF),
    Entry("locate", "/", _FINDERS),
    Entry("station", "/station", frozenset({_KEEPER, _CLERK, _HEAD})),
    Entry("requests", "/requests", _STAFF),
    Entry("picking", "/picking", frozenset({_KEEPER, _MANAGER})),
    Entry("consignments", "/consignments", _STAFF),
    Entry("arrivals", "/arrivals", frozenset({_KEEPER, _CLERK, _MANAGER})),
    Entry("scans", "/digitisation", frozenset({Role.CONTRACTOR})),
    Entry("refusals", "/refusals", _WATCHERS),
    Entry("searches", "/searches", _STAFF),
    Entry("counts", "/counts", _STAFF | _WATCHERS),
    Entry("closing", "/closing-sheet", frozenset({_KEEPER, _MANAGER}) | _WATCHERS),
    Entry("accounts", "/accounts", frozenset({Role.SYSTEM_ADMIN})),
    Entry("access_log", "/access-log", frozenset({Role.AUDIT_ADMIN})),
    Entry("readers", "/readers", frozenset(role for role in Role if role.rights.sees_readers)),
)


def entries_for(viewer: Viewer | None, served: Collection[str]) -> tuple[Entry, ...]:
    """The entries of whoever is signed in, of the pages served."""
    if viewer is None:
        return ()
    return tuple(entry for entry in ENTRIES if viewer.role in entry.roles and entry.address in served)
