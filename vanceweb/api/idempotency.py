"""Requests that may be sent twice: with the header `Idempotency-Key`, the repetition gets the first one's answer.

The row with the key is created in the transaction of the request itself, and its unique constraint lets one of several
requests at the same moment through: the others wait for its commit, and then find its answer. A request that is refused
leaves no row, so that its repetition is tried anew.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.api.models import RepeatableAnswer
from vanceweb.api.problems import Problem, build_field_problem
from vanceweb.teams.access import Actor

# As long as a program may hesitate.
KEEP = timedelta(hours=24)
# The row with the key can go between two looks, if it is that of a request that was refused.
ROUNDS = 5
JSON_UTF8 = "application/json; charset=utf-8"


def answer_once(actor: Actor, key: str, parameters: Any, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the answer of `act`, or for a key that was used in the last 24 hours the first answer to it.

    `act` runs in a transaction. `parameters` are what the request asks for, as JSON data. Raise Problem for a key that
    was used with others. Without a key, act every time.
    """
    if not key:
        with transaction.atomic():
            return act()
    digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
    for _round in range(ROUNDS):
        RepeatableAnswer.objects.filter(
            team=actor.team, user=actor.user, key=key, created_at__lt=timezone.now() - KEEP
        ).delete()
        try:
            with transaction.atomic():
                row = RepeatableAnswer.objects.create(team=actor.team, user=actor.user, key=key, digest=digest)
                return _keep_answer(row, act())
        except IntegrityError:
            first = RepeatableAnswer.objects.filter(team=actor.team, user=actor.user, key=key).first()
            if first is not None:
                return _repeat_answer(first, digest)
    raise Problem(409, _("Another request with this Idempotency-Key is being worked on."))


def check_key(key: str) -> str:
    """Return the key. Raise Problem for one that can't be stored or read in a log."""
    if key and not (len(key) <= 200 and key.isascii() and key.isprintable()):
        raise build_field_problem([("Idempotency-Key", _("At most 200 printable characters of ASCII."))])
    return key


def remove_old_answers() -> None:
    """Delete answers whose time to be repeated is over."""
    RepeatableAnswer.objects.filter(created_at__lt=timezone.now() - KEEP).delete()


def _keep_answer(row: RepeatableAnswer, answer: HttpResponse) -> HttpResponse:
    RepeatableAnswer.objects.filter(pk=row.pk).update(
        status=answer.status_code, body=answer.content.decode(), location=answer.get("Location", "")
    )
    return answer


def _repeat_answer(first: RepeatableAnswer, digest: str) -> HttpResponse:
    if first.digest != digest:
        message = _("This key was used for a request with other parameters.")
        raise build_field_problem([("Idempotency-Key", message)])
    headers = {"Location": first.location} if first.location else {}
    headers["Idempotency-Replayed"] = "true"
    return HttpResponse(first.body, status=first.status, content_type=JSON_UTF8, headers=headers)
