"""`/api/v1/ledger/checkpoints`: the ledger's signed roots, for programs that keep them elsewhere."""

from datetime import datetime
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field

from inventory.domain.checkpoints import Signed
from inventory.domain.permissions import Permission
from inventory.operations.checkpointing import newest_checkpoints
from web.api.models import RefusalAnswer
from web.doors import Doors, permitted
from web.signed_in import SignedIn
from web.site import site_of

router = Doors(prefix="/api/v1")
_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": RefusalAnswer, "description": "No valid token or session."},
    403: {"model": RefusalAnswer, "description": "The role doesn't cover this."},
}


class CheckpointAnswer(BaseModel):
    """How far the ledger went, signed; hashes in hexadecimal."""

    warehouse: str
    number: int
    acts: int = Field(description="The last act's sequence, and so how many there are.")
    act_hash: str
    commands: int
    command_hash: str
    made_at: datetime
    previous_hash: str = Field(description="The root of the checkpoint before it.")
    key_id: str
    hash: str = Field(description="The signed root.")
    signature: str = Field(description="Ed25519, over the canonical bytes.")


class CheckpointsAnswer(BaseModel):
    """The newest checkpoints, newest first; at most 100."""

    checkpoints: list[CheckpointAnswer]


@router.get("/ledger/checkpoints", summary="The ledger's signed roots", responses=_REFUSALS)
@permitted(Permission.SEE_LEDGER)
def list_checkpoints(request: Request, viewer: SignedIn) -> CheckpointsAnswer:
    """The newest signed roots of every warehouse's ledger: keep them elsewhere, and compare papers with them."""
    return CheckpointsAnswer(
        checkpoints=[_answer(one) for one in newest_checkpoints(site_of(request).database, viewer)]
    )


def _answer(signed: Signed) -> CheckpointAnswer:
    told = signed.line() | {"made_at": signed.checkpoint.made_at}
    return CheckpointAnswer.model_validate(told)
