"""Programs of every role send whatever the OpenAPI document allows, and what it doesn't."""

import os
import random
from collections.abc import Mapping
from time import monotonic
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from requests import Session
from schemathesis import checks
from schemathesis.checks import load_all_checks
from schemathesis.core.failures import FailureGroup

from inventory.domain.people import Reach, Role
from tests.attacks.conftest import ONE_ENGINE, Counties
from tests.attacks.generated import Known, Operation, grounded, operations

pytestmark = ONE_ENGINE
CASES = 50_000 if os.environ.get("GUIWEI_EXTENDED") else 480
CASES = int(os.environ.get("GUIWEI_CASES", CASES))
ANSWER_SECONDS_MAX = 30
TOO_LARGE = 413

load_all_checks()
CHECKS = checks.CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "unsupported_method",
    ]
)


def test_no_role_can_break_the_api_nor_learn_what_is_anothers(counties: Counties) -> None:
    chosen = int(os.environ.get("GUIWEI_SEED", random.randrange(2**32)))
    print(f"GUIWEI_SEED={chosen}")
    tokens = {role: counties.token(role) for role in Role}
    every = list(operations(counties.address))
    assert len(every) > 100
    attack = Attack(counties, tokens)
    begun = monotonic()
    for operation in every:
        attack.run(operation, chosen, -(-CASES // len(every)))
    print(f"{attack.sent} cases in {monotonic() - begun:.0f} s, {len(every)} operations, answers {attack.statuses}")
    assert attack.sent >= CASES
    assert set(attack.statuses) >= {200, 403, 404, 422}, "the cases reach nothing"
    assert attack.found == {}, "\n\n".join(f"{what}\n{how}" for what, how in attack.found.items())


class Attack:
    """All cases of one run, and what they brought to light: the first of each kind by operation."""

    def __init__(self, counties: Counties, tokens: Mapping[Role, str]) -> None:
        self.known, self.tokens = Known(counties), tokens
        self.sent = 0
        self.statuses: dict[int, int] = {}
        self.found: dict[str, str] = {}
        self.session = Session()

    def run(self, operation: Operation, chosen: int, cases: int) -> None:
        @seed(chosen)
        @settings(
            max_examples=cases,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(data=st.data(), role=st.sampled_from(Role) | st.sampled_from(sorted(operation.permitted)))
        def send(data: st.DataObject, role: Role) -> None:
            case = grounded(data.draw, data.draw(operation.cases), self.known)
            self.send(operation, case, role)

        print(f"{self.sent:6} {operation.label}", flush=True)
        before = self.sent
        while self.sent - before < cases:  # An operation without anything to tell has one case a role.
            send()
            chosen += 1

    def send(self, operation: Operation, case: Any, role: Role) -> None:
        headers = {**(case.headers or {}), "Authorization": f"Bearer {self.tokens[role]}"}
        answer = case.call(session=self.session, headers=headers, timeout=ANSWER_SECONDS_MAX)
        self.sent += 1
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        text = answer.content.decode(errors="replace")
        how = f"as {role}: {case.as_curl_command()}\n{answer.status_code} {text[:300]}"
        # What is too large is refused before anybody looks whether it has the form.
        looked_at = [
            check for check in CHECKS if answer.status_code != TOO_LARGE or check.__name__ != "negative_data_rejection"
        ]
        try:
            case.validate_response(answer, checks=looked_at)
        except FailureGroup as group:
            for failure in group.exceptions:
                self.tell(f"{operation.label} {failure.title}: {failure.message[:200]}", how)
        if role.rights.dossiers is Reach.OWN_AGENCY:
            for secret in self.known.counties.secrets_of_theirs:
                if secret in text:
                    self.tell(f"{operation.label} tells {role} {secret}", how)

    def tell(self, what: str, how: str) -> None:
        """At once: an extended run takes an hour."""
        if what not in self.found:
            self.found[what] = how
            print(f"{what}\n{how}\n", flush=True)
