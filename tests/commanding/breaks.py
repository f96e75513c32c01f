"""Every constraint of readers' commands, broken by the superuser's own SQL."""

from tests.conftest import Archive

FIRST = "00000000-0000-0000-0000-0000000000c1"


def PREPARE(archive: Archive) -> None:  # noqa: N802 - the schema's test asks every folder for it by this name
    """A reader that was told to start and has done so, and is told to stop."""
    archive.root.execute(
        "INSERT INTO reader (code, dialect, topic, timezone) VALUES ('S1', 'native', 't/reads', 'UTC')"
    )
    archive.root.execute(
        COMMAND.format(kind="start", state="done", sent="now()", ended="now()", by="1 hour", command=f"'{FIRST}'")
    )
    archive.root.execute(
        COMMAND.format(kind="stop", state="asked", sent="NULL", ended="NULL", by="1 hour", command="NULL")
    )


COMMAND = (
    "INSERT INTO reader_command (reader_id, kind, asked_at, due_at, answer_by, state, sent_at, ended_at, command_id) "
    "SELECT id, '{kind}', now(), now(), now() + interval '{by}', '{state}', {sent}, {ended}, {command} FROM reader"
)
AS_IT_IS = {"kind": "start", "state": "asked", "sent": "NULL", "ended": "NULL", "by": "1 hour", "command": "NULL"}


def _command(**different: str) -> str:
    return COMMAND.format(**(AS_IT_IS | different))


BREAKS = {
    "reader_command_kind_known": _command(kind="self-destruct"),
    "reader_command_state_known": _command(state="lost", ended="now()"),
    "reader_command_of_command": _command(command=f"'{FIRST}'"),
    "reader_command_answered_after_due": _command(by="-1 second"),
    "reader_command_is_whole": _command(state="timed_out", ended="now()"),
    "reader_command_goes_on": "UPDATE reader_command SET state = 'failed', problem_zh = 'x', problem_en = 'x' WHERE state = 'done'",
}
# Only the application's role is asked whose session it is: a test of its own breaks it.
BY_THE_APPLICATION = "reader_command_by_its_roles"
