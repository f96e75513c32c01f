"""Every constraint of labels, broken by the superuser's own SQL."""

from tests.conftest import Archive
from tests.labels.conftest import furnish

BATCH = (
    "INSERT INTO label_batch (scope, place_id, with_names, replacing, made_by, made_at, command_id) "
    "SELECT 'A-01', place.id, false, false, account.id, now(), '00000000-0000-0000-0000-000000000001' "
    "FROM place, account WHERE code = 'A-01' AND login = 'keeper'"
)
LABEL = (
    "INSERT INTO label (batch_id, position, volume_id, numbering_id, epc, made_by, made_at{columns}) "
    "SELECT label_batch.id, {position}, volume.id, label_numbering.id, decode('{epc}', 'hex'), made_by, now(){values} "
    "FROM label_batch, label_numbering, volume JOIN dossier ON dossier.id = dossier_id WHERE number = '{number}'"
)
NONE = {"columns": "", "values": ""}
FIRST, SECOND, NEW, READ = (f"2C76451FD46072000000000{number}" for number in (1, 2, 3, 4))
TID = "decode('E280110520000000000001', 'hex')"


def PREPARE(archive: Archive) -> None:  # noqa: N802 - the schema's test asks every folder for it by this name
    """Two labels wait, and D-9 has a tag."""
    furnish(archive)
    for statement in (
        "INSERT INTO label_numbering (company_prefix, document_type, set_at) VALUES ('9521141', '12345', now())",
        BATCH,
        LABEL.format(position=1, epc=FIRST, number="D-2", **NONE),
        LABEL.format(position=2, epc=SECOND, number="D-3", **NONE),
        (
            f"INSERT INTO tag (epc, volume_id) SELECT decode('{READ}', 'hex'), volume.id "
            "FROM volume JOIN dossier ON dossier.id = dossier_id WHERE number = 'D-9'"
        ),
        f"INSERT INTO chip_read SELECT id, decode('{FIRST}', 'hex'), {TID}, now() FROM antenna WHERE role = 'desk'",
    ):
        archive.root.execute(statement)


BREAKS = {
    "label_numbering_one_scheme": (
        "INSERT INTO label_numbering (company_prefix, document_type, manager, object_class, set_at) "
        "VALUES ('9521141', '12345', 1, 1, now())"
    ),
    "label_batch_of_command": BATCH,
    "label_epc_taken": LABEL.format(position=3, epc=FIRST, number="D-9", **NONE),
    "label_epc_unused": LABEL.format(position=3, epc=READ, number="D-9", **NONE),
    "label_position_taken": LABEL.format(position=2, epc=NEW, number="D-9", **NONE),
    "label_one_waits": LABEL.format(position=3, epc=NEW, number="D-2", **NONE),
    "label_state_known": LABEL.format(position=3, epc=NEW, number="D-9", columns=", state, ended_at", values=", 'x', now()"),
    "label_is_whole": LABEL.format(position=3, epc=NEW, number="D-9", columns=", reason", values=", 'x'"),
    "label_stays": "UPDATE label SET epc = decode('00', 'hex')",
    "label_bound_as_read": f"UPDATE label SET state = 'bound', ended_at = now(), tid = {TID} WHERE position = 1",
    "tag_as_printed": "INSERT INTO tag (epc, volume_id) SELECT epc, volume_id FROM label WHERE position = 1",
}  # fmt: skip
