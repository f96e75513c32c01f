"""One-time codes against the examples of RFC 6238."""

from datetime import UTC, datetime, timedelta

from inventory.domain import second_factor as codes


def test_the_codes_are_those_of_rfc_6238() -> None:
    secret = b"12345678901234567890"
    moments = {59: "287082", 1111111109: "081804", 1111111111: "050471", 2000000000: "279037", 20000000000: "353130"}
    for seconds, told in moments.items():
        moment = datetime.fromtimestamp(seconds, UTC)
        assert codes.code_at(secret, codes.step_of(moment)) == told
        for aside, fits in ((-60, False), (-30, True), (30, True), (60, False)):
            at = moment + timedelta(seconds=aside)
            assert (codes.fitting_step(secret, told, at) == codes.step_of(moment)) is fits
