"""Codes of authenticator apps, each of which is accepted once by all processes together."""

import base64
import hmac
import struct
import subprocess
import sys
import time
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings as site
from django.core.cache import cache
from django.db import connections
from django.test import Client

from tests.conftest import PASSWORD
from vanceweb.teams.models import User
from vanceweb.teams.services import create_user
from vanceweb.throttling.models import Counter
from vanceweb.throttling.single_use import mark_used
from vanceweb.throttling.sweeps import remove_ended_windows

SECRET = "JBSWY3DPEHPK3PXP"
SECONDS_OF_A_CODE = 30
# One less than in settings.THROTTLES: the password counts as an attempt until the sign-in is complete.
WRONG_CODES = 9


def compute_code(secret: str = SECRET, *, later: int = 0) -> str:
    """Return what an authenticator app shows now, or so many codes later (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // SECONDS_OF_A_CODE + later)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    start = digest[-1] & 15
    return str((struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6).zfill(6)


def can_sign_in(code: str) -> bool:
    # The name by which every process of the site lets itself be called.
    client = Client(SERVER_NAME="localhost")
    assert client.post("/login/", {"login": "bob", "password": PASSWORD})["Location"] == "/login/code/"
    return client.post("/login/code/", {"code": code}).status_code == 302


@pytest.fixture
def bobs_app(bob: User) -> User:
    TOTP.activate(bob, SECRET)
    return bob


def test_another_process_refuses_a_code_that_was_used(bobs_app: User) -> None:
    code = compute_code()
    assert can_sign_in(code)
    # Another process has a cache of its own, without allauth's mark.
    cache.clear()
    assert not can_sign_in(code)
    assert not can_sign_in(f"{code[:3]} {code[3:]}")
    assert can_sign_in(compute_code(later=1))


def test_the_code_that_set_the_app_up_signs_nobody_in(bob: User) -> None:
    client = Client()
    client.post("/login/", {"login": "bob", "password": PASSWORD})
    code = compute_code(client.get("/account/authenticator/").context["form"].secret)
    assert client.post("/account/authenticator/", {"code": code}).status_code == 302
    assert not can_sign_in(code)


def test_codes_cant_be_tried_out(bobs_app: User) -> None:
    client = Client()
    client.post("/login/", {"login": "bob", "password": PASSWORD})
    answers = [client.post("/login/code/", {"code": f"{number:06}"}).status_code for number in range(WRONG_CODES + 1)]
    assert answers == [422] * WRONG_CODES + [429]
    assert client.post("/login/code/", {"code": compute_code()}).status_code == 429


# Prints whether the given code signs Bob in.
PROCESS = """
import sys
import django; django.setup()
from tests.accounts.test_used_codes import can_sign_in
print(can_sign_in(sys.argv[1]))
"""


@pytest.mark.slow
@pytest.mark.usefixtures("postgresql")
def test_of_several_processes_one_accepts_a_code() -> None:
    # Without a transaction around the test, so that other processes see him.
    TOTP.activate(create_user(username="bob", password=PASSWORD, is_administrator=True), SECRET)
    database = connections["default"].settings_dict
    url = (
        f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    environ = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": url,
        "DATA_DIR": str(site.DATA_DIR),
        "PATH": "",
    }
    command = [sys.executable, "-c", PROCESS, compute_code()]
    runs = [subprocess.Popen(command, env=environ, cwd=site.BASE_DIR, stdout=subprocess.PIPE) for _ in range(3)]
    answers = sorted(run.communicate(timeout=120)[0] for run in runs)
    assert answers == [b"False\n", b"False\n", b"True\n"]


@pytest.mark.django_db
def test_a_mark_is_a_hash_and_is_removed_once_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [mark_used("code", "7", "123456", seconds=90) for _ in range(2)] == [True, False]
    assert mark_used("code", "8", "123456", seconds=90)
    assert "123456" not in " ".join(Counter.objects.values_list("key", flat=True))
    later: Any = time.time() + 91
    monkeypatch.setattr(time, "time", lambda: later)
    remove_ended_windows()
    assert not Counter.objects.exists()
    assert mark_used("code", "7", "123456", seconds=90)
