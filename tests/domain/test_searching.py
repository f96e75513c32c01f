"""What becomes of a request when what it is about is found."""

import pytest

from inventory.domain.places import PlaceKind
from inventory.domain.requests import RequestKind, RequestState
from inventory.domain.searching import state_after_finding

K, S = RequestKind, RequestState


@pytest.mark.parametrize(
    ("kind", "state", "places", "goes_on"),
    [
        (K.LOAN, S.SEARCHING, {PlaceKind.DESK, PlaceKind.CART}, S.READY),
        (K.LOAN, S.SEARCHING, {PlaceKind.SHELF}, S.APPROVED),
        (K.LOAN, S.OUT, {PlaceKind.SHELF}, S.CLOSED),
        (K.CONSULTATION, S.OUT, {PlaceKind.QUARANTINE}, S.CLOSED),
        (K.CONSULTATION, S.OUT, {PlaceKind.DESK, PlaceKind.READING_ROOM}, None),
        (K.LOAN, S.OUT, {PlaceKind.SHELF, PlaceKind.WINDOW}, S.AT_WINDOW),
        (K.TRANSFER, S.OUT, {PlaceKind.WINDOW}, S.AT_WINDOW),
        (K.TRANSFER, S.OUT, {PlaceKind.CABINET}, S.APPROVED),
        (K.TRANSFER, S.OUT, {PlaceKind.DESK}, S.READY),
        (K.TRANSFER, S.OUT, {PlaceKind.DESK, PlaceKind.COURIER}, None),
        (K.LOAN, S.UNDERWAY, {PlaceKind.DESK}, None),
        (K.LOAN, S.CLOSED, {PlaceKind.DESK}, None),
    ],
)
def test_a_request_goes_on_once_everything_it_is_about_is_found(
    kind: RequestKind, state: RequestState, places: set[PlaceKind], goes_on: RequestState | None
) -> None:
    assert state_after_finding(kind, state, frozenset(places)) is goes_on
