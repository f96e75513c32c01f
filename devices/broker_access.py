"""Who signs in at the broker and what each may do there, told by the registered readers. Pure.

A reader publishes to its own topics and hears its own commands. Each connection of Guiwei has a user of its own, named as its
client id is, and may do what that connection does. Whoever simulates a reader, and a desk, signs in as that reader.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from inventory.domain.commands import Topics, control_of
from inventory.domain.refusals import BadInput
from inventory.store.readers import RegisteredAntenna

INGEST = "guiwei-ingest-{slot}"  # stable: taking over is connecting with the same id
COMMANDS = "guiwei-commands-{slot}"
GATE = "guiwei-gate"  # stable: the broker keeps what came while nobody was there
RECORD = "guiwei-record"
DOCTOR, DOCTOR_SENDER = "guiwei-doctor", "guiwei-doctor-sender"
DOCTOR_TOPICS = "guiwei/doctor"
OWN_USERS = "guiwei-"  # how the users of Guiwei itself begin
GATE_ROLES = {"gate_inner", "gate_outer"}


@dataclass
class Access:
    """What one user may do: the topics it may publish to, and those it may hear."""

    user: str
    writes: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)


def access_of(antennas: Iterable[RegisteredAntenna]) -> list[Access]:
    """Every user of the broker, Guiwei's own first, the readers by their codes.

    Raises `BadInput` where a reader is named like one of Guiwei's own users, or could tell another what to do by its topics.
    """
    gate, record = Access(GATE), Access(RECORD)
    slots: dict[int, tuple[Access, Access]] = {0: _of_slot(0)}  # so that a site can start before it has readers
    readers: dict[str, Access] = {}
    for one in antennas:
        if one.reader.startswith(OWN_USERS):
            raise BadInput(
                problem_zh=f"读写器 {one.reader} 的编号以 {OWN_USERS} 开头，该前缀为系统自身的用户保留",
                problem_en=f"the reader {one.reader} is named like a user of Guiwei itself ({OWN_USERS}...)",
            )
        ingest, commands = slots.setdefault(one.slot, _of_slot(one.slot))
        says = {topic for topic in (one.topic, one.status_topic) if topic}
        reader = readers.setdefault(one.reader, Access(one.reader))
        reader.writes |= says
        ingest.reads |= says
        record.reads |= says
        control = control_of(one.dialect, one.topic, one.control_url)
        if isinstance(control, Topics):
            reader.reads.add(control.commands)
            reader.writes.add(control.answers)
            commands.writes.add(control.commands)
            commands.reads.add(control.answers)
        if one.role in GATE_ROLES and one.place_id is not None:
            gate.reads.add(one.topic)
            gate.writes |= {control.commands} if isinstance(control, Topics) else set()
    _check_nobody_commands_another(readers)
    doctor = Access(DOCTOR, {f"{DOCTOR_TOPICS}/#"}, {f"{DOCTOR_TOPICS}/#", "$SYS/#"})
    sender = Access(DOCTOR_SENDER, {f"{DOCTOR_TOPICS}/#"})
    own = [access for slot in sorted(slots) for access in slots[slot]]
    return [*own, gate, record, doctor, sender, *(readers[code] for code in sorted(readers))]


def _of_slot(slot: int) -> tuple[Access, Access]:
    return Access(INGEST.format(slot=slot)), Access(COMMANDS.format(slot=slot))


def _check_nobody_commands_another(readers: dict[str, Access]) -> None:
    """A topic that one reader writes and another obeys would make the one the other's master."""
    obeyed = {topic: reader.user for reader in readers.values() for topic in reader.reads}
    for reader in readers.values():
        for topic in sorted(reader.writes & obeyed.keys()):
            raise BadInput(
                problem_zh=f"读写器 {reader.user} 发布的主题 {topic} 是 {obeyed[topic]} 接收命令的主题",
                problem_en=f"the reader {reader.user} publishes to {topic}, where {obeyed[topic]} takes its commands",
            )
