"""What is known of labels that were read back: whose their EPCs are, what their chips are known with, what waits."""

from collections.abc import Sequence
from typing import Any

import psycopg

from inventory.domain.identifiers import VolumeName
from inventory.domain.labels import KnownLabel, KnownTag, LabelFacts, LabelState, ReadBack


def label_facts(connection: psycopg.Connection[Any], read: Sequence[ReadBack]) -> LabelFacts:
    """What is known of these read-backs; the labels in question are locked until the transaction ends."""
    epcs, names = [one.epc for one in read], [VolumeName.parse(one.volume) for one in read]
    asked = {
        "epcs": epcs,
        "tids": [one.tid for one in read],
        "numbers": [name.number for name in names],
        "ordinals": [name.volume for name in names],
    }
    # Two who read the same label back wait for each other here, and the second finds it bound.
    connection.execute("SELECT FROM label WHERE epc = ANY(%s) AND state = 'printed' ORDER BY id FOR UPDATE", (epcs,))
    return LabelFacts(
        labels={
            epc: KnownLabel(label_id, volume, LabelState(state))
            for epc, label_id, volume, state in connection.execute(_LABELS, asked)
        },
        tags={epc: KnownTag(volume, tid, taken) for epc, volume, tid, taken in connection.execute(_TAGS, asked)},
        chips=dict(connection.execute("SELECT tid, epc FROM tag WHERE tid = ANY(%(tids)s)", asked).fetchall()),
        waiting={volume: (epc, before) for volume, epc, before in connection.execute(_WAITING, asked)},
        tagged=dict(connection.execute(_TAGGED, asked).fetchall()),
    )


_VOLUMES = """
    FROM unnest(%(numbers)s::text[], %(ordinals)s::smallint[]) AS asked (number, ordinal)
    JOIN dossier USING (number) JOIN volume ON volume.dossier_id = dossier.id AND volume.ordinal = asked.ordinal
"""
_LABELS = """
    SELECT epc, label.id, volume_name(number, ordinal), state
    FROM label JOIN volume ON volume.id = volume_id JOIN dossier ON dossier.id = dossier_id WHERE epc = ANY(%(epcs)s)
"""
_TAGS = """
    SELECT epc, volume_name(number, ordinal), tid, place_id IS NOT NULL OR retired_at IS NOT NULL
    FROM tag LEFT JOIN volume ON volume.id = volume_id LEFT JOIN dossier ON dossier.id = dossier_id
    WHERE epc = ANY(%(epcs)s)
"""
_WAITING = f"""
    SELECT DISTINCT ON (label.id) volume_name(number, volume.ordinal), label.epc, before.epc
    {_VOLUMES} JOIN label ON label.volume_id = volume.id AND state = 'printed'
    LEFT JOIN label AS before ON before.batch_id = label.batch_id AND before.position < label.position
    ORDER BY label.id, before.position DESC
"""
_TAGGED = f"""
    SELECT volume_name(number, volume.ordinal), epc
    {_VOLUMES} JOIN tag ON tag.volume_id = volume.id AND retired_at IS NULL
"""


def is_printed_here(connection: psycopg.Connection[Any], epcs: Sequence[bytes]) -> set[bytes]:
    """Those of these EPCs that are on labels of ours, whatever became of them."""
    return {epc for (epc,) in connection.execute("SELECT epc FROM label WHERE epc = ANY(%s)", (list(epcs),))}
