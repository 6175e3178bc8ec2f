"""The description is true: whatever a program sends, no call fails unexpectedly, and each answers as described.

schemathesis makes requests from the description, valid ones and others, and checks each answer against it.
"""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from schemathesis import GenerationMode

from tests.api.conftest import ROOT, Caller, call_as
from tests.factories import make_job, make_upload
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User

# Requests of each kind for each call: every run makes the same.
EXAMPLES = 12
CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.openapi.checks.status_code_conformance,
]
SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)


def iterate_calls(schema: Any) -> Iterator[Any]:
    for result in schema.get_all_operations():
        yield result.ok()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_answer_is_as_described(alice: User) -> None:
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}/openapi.json", get_wsgi_application())
    caller = call_as(alice)
    seen: set[tuple[str, int]] = set()
    for call in iterate_calls(schema):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try_call(call, mode, caller, seen)
    statuses = {status for _label, status in seen}
    assert {200, 404, 422} <= statuses, sorted(seen)
    assert not any(status >= 500 for status in statuses)


def try_call(call: Any, mode: GenerationMode, caller: Caller, seen: set[tuple[str, int]]) -> None:
    """Make some requests for one call and check the answers."""
    headers = {"Authorization": f"Bearer {caller.token}"}

    @SETTINGS
    @hypothesis.seed(15)
    @hypothesis.given(case=call.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        response = case.call_and_validate(headers=headers)
        seen.add((call.label, response.status_code))

    run()
