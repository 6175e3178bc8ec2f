"""Random requests over the API and the site. `make fuzz` sends thousands; the normal run, a few hundred of one seed.

FUZZ_REQUESTS is their number and FUZZ_SEED their seed. A request depends on the seed and its number alone, so
FUZZ_FIRST=1234 FUZZ_REQUESTS=1 repeats one that a report names.
"""

import json
import logging
import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse

from tests.fuzz.api_requests import build_api_request, find_api_fault
from tests.fuzz.scene import Scene, build_scene
from tests.fuzz.site_requests import build_site_request, find_site_fault
from vanceweb.teams.models import User

SEED = os.environ.get("FUZZ_SEED", "14")
FIRST = int(os.environ.get("FUZZ_FIRST", "0"))
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "300"))
# More than these say nothing new.
MOST_FAULTS = 20
KINDS = {"api": (build_api_request, find_api_fault), "site": (build_site_request, find_site_fault)}


@pytest.fixture
def scene(alice: User, bob: User, charlie: User, settings: Any, tmp_path_factory: Any) -> Scene:
    settings.ENGINE_PATIENCE = 0
    # Loading every model for the page of models takes seconds.
    settings.MODELS_DIR = tmp_path_factory.mktemp("models")
    return build_scene(alice, bob, charlie)


class ErrorLog(logging.Handler):
    """The exceptions that were logged as errors: an API that answers with an internal error logs it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("django.security"):
            # A suspicious request was refused.
            return
        self.messages.append(logging.Formatter().format(record))

    def take(self) -> str:
        text, self.messages = "\n".join(self.messages), []
        return text


@pytest.fixture
def errors() -> Iterator[ErrorLog]:
    handler = ErrorLog()
    loggers = [logging.getLogger(), logging.getLogger("django")]
    for logger in loggers:
        logger.addHandler(handler)
    yield handler
    for logger in loggers:
        logger.removeHandler(handler)


@pytest.mark.parametrize("kind", KINDS)
def test_no_request_breaks_the_site(
    kind: str, scene: Scene, errors: ErrorLog, capsys: pytest.CaptureFixture[str]
) -> None:
    build, find_fault = KINDS[kind]
    outcomes: Counter[str] = Counter()
    faults = []
    for number in range(FIRST, FIRST + max(1, REQUESTS // 2)):
        request = build(Random(f"{SEED} {kind} {number}"), scene)
        try:
            with transaction.atomic():
                response = request.send(scene.open_client(request.person))
                content = b"".join(response.streaming_content) if response.streaming else response.content
                transaction.set_rollback(True)
            fault = find_fault(request, response, content, scene)
            outcomes[describe_outcome(response, content)] += 1
        except Exception:
            fault = traceback.format_exc()[-1500:]
        if logged := errors.take():
            fault = f"{fault or 'an error was logged'}\n{logged[-1500:]}"
        if fault:
            faults.append(f"{kind} request {number} of seed {SEED}: {fault}\n    {request}")
        if len(faults) >= MOST_FAULTS:
            break
    counts = ", ".join(f"{count} of {outcome}" for outcome, count in sorted(outcomes.items()))
    with capsys.disabled():
        sys.stdout.write(f"\n{kind}: seed {SEED}, {sum(outcomes.values())} requests: {counts}\n")
    assert not faults, "\n\n".join(faults)
    if REQUESTS >= 100:
        assert outcomes["200"] > REQUESTS // 40, "most requests are refused at the door and try nothing"


def describe_outcome(response: HttpResponse, content: bytes) -> str:
    """Return the code of an answer of the API, or the HTTP status of another one."""
    is_json = response.get("Content-Type", "").startswith("application/json")
    return str(json.loads(content).get("code", response.status_code) if is_json and content else response.status_code)
