"""The four import files' ways into the database, one file each; what they share is in `landing`."""

from inventory.store.registers.agencies import AGENCIES
from inventory.store.registers.dossiers import DOSSIERS
from inventory.store.registers.landing import Landing
from inventory.store.registers.places import PLACES
from inventory.store.registers.readers import READERS

LANDINGS: dict[str, Landing] = {"agencies": AGENCIES, "places": PLACES, "readers": READERS, "dossiers": DOSSIERS}
