"""The description is true: whatever a program sends, no call fails unexpectedly, and each answers as described.

schemathesis makes requests from the description, valid ones and others, and checks each answer against it.
"""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from schemathesis import GenerationMode, checks

from tests.api.conftest import ROOT, Caller, call_as
from tests.factories import make_job, make_upload
from vanceweb.teams.models import User

# Requests of each kind for each call: every run makes the same.
EXAMPLES = 8
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
METHODS = ("GET", "HEAD", "POST", "DELETE")
# Whether an answer is the right one is tested elsewhere: a random id names no picture.
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.ignored_auth,
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


@pytest.mark.django_db(transaction=True)
def test_every_answer_is_as_described(alice: User) -> None:
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}/openapi.json", get_wsgi_application())
    caller, picture = call_as(alice), make_upload(alice)
    known: dict[str, Any] = {"picture_id": str(picture.uuid), "job_id": str(make_job(alice, state="failed").uuid)}
    job = {"picture": str(picture.uuid), "steps": [{"module": "enlarge3", "params": {"scale": 2}}]}
    seen: set[tuple[str, int]] = set()
    # What changes nothing comes first, and the picture is deleted last.
    for call in sorted(iterate_calls(schema), key=lambda call: METHODS.index(call.method.upper())):
        names = [parameter.name for parameter in call.path_parameters]
        ids = {name: known[name] for name in names}
        body = {"body": job, "media_type": "application/json"} if call.label == f"POST {ROOT}/jobs" else {}
        for mode, given in ((POSITIVE, {"path_parameters": ids} if ids else body), (NEGATIVE, {})):
            send_requests(call, call.as_strategy(generation_mode=mode, **given), caller, seen)
    assert {status for _label, status in seen} >= {200, 202, 204, 404, 422}, sorted(seen)


def send_requests(call: Any, strategy: Any, caller: Caller, seen: set[tuple[str, int]]) -> None:
    """Make some requests for one call and check the answers."""
    headers = {"Authorization": f"Bearer {caller.token}"}

    @SETTINGS
    @hypothesis.seed(15)
    @hypothesis.given(case=strategy)
    def run(case: Any) -> None:
        response = case.call_and_validate(headers=headers, checks=CHECKS)
        seen.add((call.label, response.status_code))

    run()
