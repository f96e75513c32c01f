"""`/api/v1/acts`: acts of custody by programs, through the same operation as the pages."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from inventory.domain.acts import ActKind
from inventory.domain.custody_rules import RULES, ActRule, Authority
from inventory.domain.details import Detail
from inventory.domain.identifiers import NUMBER_CHARACTERS_MAX, VolumeName
from inventory.domain.people import LOGIN_CHARACTERS_MAX, PASSWORD_CHARACTERS_MAX, Role, Viewer
from inventory.domain.permissions import Permission
from inventory.domain.places import PLACE_CODE_CHARACTERS_MAX, PlaceKind
from inventory.domain.standing import Legal, Mark, Seal
from inventory.operations import custody
from inventory.operations.countersigning import countersign
from inventory.operations.custody import VOLUMES_PER_ACT_MAX, Asked, Seen
from web.api.models import Moment, RefusalAnswer
from web.doors import Doors, for_everybody_signed_in, permitted
from web.signed_in import SignedIn
from web.site import read_clock, site_of

_GROUNDS_CHARACTERS_MAX = 500
_VOLUME_CHARACTERS_MAX = NUMBER_CHARACTERS_MAX + 4  # and "/999"

router = Doors(prefix="/api/v1/acts")


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class VolumeSent(_Sent):
    """One volume of an act."""

    volume: str = Field(max_length=_VOLUME_CHARACTERS_MAX, description="The dossier's number; `number/2` for volume 2.")
    version: int | None = Field(
        default=None, ge=0, description="The version seen; where another act came since, this one is refused."
    )
    details: dict[str, object] = Field(default_factory=dict, description="Told of this volume alone.")


class WitnessSent(_Sent):
    """The second person of an act that takes two."""

    login: str = Field(max_length=LOGIN_CHARACTERS_MAX)
    pin: str = Field(
        max_length=PASSWORD_CHARACTERS_MAX, description="PIN, or password where no PIN is set.", repr=False
    )


class ActSent(_Sent):
    """An act on any number of volumes, all or none; which facts it needs, `GET /api/v1/acts/kinds` tells."""

    command_id: UUID = Field(description="Made by the caller; sent again with the same content, nothing is done twice.")
    kind: ActKind
    volumes: Annotated[list[VolumeSent], Field(min_length=1, max_length=VOLUMES_PER_ACT_MAX)]
    to_place: str | None = Field(default=None, max_length=PLACE_CODE_CHARACTERS_MAX)
    authority: str | None = Field(default=None, max_length=_GROUNDS_CHARACTERS_MAX)
    reason: str | None = Field(default=None, max_length=_GROUNDS_CHARACTERS_MAX)
    happened_at: Moment | None = Field(default=None, description="RFC 3339 with offset; now where it isn't told.")
    details: dict[str, object] = Field(default_factory=dict, description="Told of every volume.")
    witness: WitnessSent | None = None


class ActDone(BaseModel):
    """What came of it."""

    written: int = Field(description="Acts written; 0 where this command was done before.")
    already_done: bool


class ActKindAnswer(BaseModel):
    """One row of the table of acts."""

    model_config = ConfigDict(from_attributes=True)

    kind: ActKind
    zh: str
    en: str
    by: list[Role] = Field(description="Roles that may record it.")
    two: bool = Field(description="It takes a second person.")
    begins: bool = Field(description="It is a volume's first act.")
    starts: list[PlaceKind] = Field(description="Kinds of place it starts from.")
    leads: list[PlaceKind] | None = Field(description="Kinds of place it leads to; null: it moves nothing.")
    legal: list[Legal] = Field(description="Legal states it is done in.")
    legal_after: Legal | None
    seal: list[Seal]
    seal_after: Seal | None
    needs: list[Mark]
    bars: list[Mark]
    adds: list[Mark]
    removes: list[Mark]
    authority: Authority = Field(description="What it must cite.")
    evidence: list[Detail] = Field(description="Facts it must carry in `details`.")
    through: str | None = Field(description="The piece of work it is recorded through; null: `POST /api/v1/acts`.")
    law: list[str] = Field(description="Ids of the rules it stands on.")


class ActKindsAnswer(BaseModel):
    """The table of acts."""

    kinds: list[ActKindAnswer]


_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": RefusalAnswer, "description": "No valid token or session."},
    403: {"model": RefusalAnswer, "description": "The role doesn't do this act, or the second person's PIN is wrong."},
    404: {"model": RefusalAnswer, "description": "No such dossier or place."},
    409: {
        "model": RefusalAnswer,
        "description": "The volumes don't stand so that it can be done, or a rule forbids it.",
    },
    422: {"model": RefusalAnswer, "description": "Something the act needs is missing or has the wrong form."},
    429: {"model": RefusalAnswer, "description": "The second person's account is locked."},
}


@router.post("", summary="Record an act", responses=_REFUSALS)
@permitted(Permission.RECORD_ACTS)
def record_act(request: Request, viewer: SignedIn, sent: ActSent) -> ActDone:
    """Record an act on all volumes or on none; every refusal leaves everything as it was."""
    database, now = site_of(request).database, read_clock()
    witness: Viewer | None = None
    if sent.witness is not None:
        witness = countersign(database, viewer, sent.witness.login, sent.witness.pin)
    written = custody.record(database, viewer, _asked(sent, witness, now))
    return ActDone(written=written, already_done=written == 0)


@router.get("/kinds", summary="The table of acts", responses={401: _REFUSALS[401]})
@for_everybody_signed_in
def act_kinds(viewer: SignedIn) -> ActKindsAnswer:
    """Every act: who may record it, from where to where, in which state, on what grounds and with which facts."""
    assert viewer
    return ActKindsAnswer(kinds=[_row(kind, rule) for kind, rule in RULES.items()])


def _asked(sent: ActSent, witness: Viewer | None, now: datetime) -> Asked:
    return Asked(
        sent.command_id,
        sent.kind,
        [Seen(VolumeName.parse(one.volume), one.version, one.details) for one in sent.volumes],
        sent.to_place,
        now if sent.happened_at is None else sent.happened_at,
        sent.authority,
        sent.reason,
        witness,
        sent.details,
    )


def _row(kind: ActKind, rule: ActRule) -> ActKindAnswer:
    return ActKindAnswer(
        kind=kind,
        zh=rule.zh,
        en=rule.en,
        by=sorted(rule.by),
        two=rule.two,
        begins=rule.begins,
        starts=sorted(rule.starts),
        leads=None if rule.leads is None else sorted(rule.leads),
        legal=sorted(rule.legal),
        legal_after=rule.legal_after,
        seal=sorted(rule.seal),
        seal_after=rule.seal_after,
        needs=sorted(rule.needs),
        bars=sorted(rule.bars),
        adds=sorted(rule.adds),
        removes=sorted(rule.removes),
        authority=rule.authority,
        evidence=list(rule.evidence),
        through=rule.through,
        law=list(rule.law),
    )
