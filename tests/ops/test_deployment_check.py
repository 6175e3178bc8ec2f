"""`manage.py check --deploy` finds nothing with an https address, and is silent about nothing without a reason."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings as configured
from django.core.checks import run_checks

from vanceweb.ops.https_redirect import HttpsMiddleware

# Subdomains and preload are an operator's choice.
CHOICES = {"security.W005", "security.W021"}


def run_check(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(configured.BASE_DIR / "manage.py"), "check", "--deploy", "--fail-level", "WARNING"],
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(folder), "SECRET_KEY": "k7-" * 30 + "Qx", **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_installation_behind_https_passes_the_deployment_check(tmp_path: Path) -> None:
    result = run_check(tmp_path, PUBLIC_URL="https://studio.example.org")
    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout + result.stderr


def test_the_check_sees_what_is_wrong(tmp_path: Path) -> None:
    result = run_check(tmp_path, PUBLIC_URL="https://studio.example.org", DEBUG="on")
    assert result.returncode == 1
    assert "security.W018" in result.stderr


def test_the_middleware_in_djangos_place_hides_only_the_operators_choices(settings: Any) -> None:
    # Under Django's own name for it, the checks that depend on this middleware run, too.
    name = "vanceweb.ops.https_redirect.HttpsMiddleware"
    django_name = "django.middleware.security.SecurityMiddleware"
    assert f"{HttpsMiddleware.__mro__[1].__module__}.{HttpsMiddleware.__mro__[1].__name__}" == django_name
    settings.MIDDLEWARE = [django_name if one == name else one for one in settings.MIDDLEWARE]
    settings.SECRET_KEY = "k7-" * 30 + "Qx"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    found = {issue.id for issue in run_checks(include_deployment_checks=True) if issue.id.startswith("security.")}
    assert found == CHOICES
    assert set(configured.SILENCED_SYSTEM_CHECKS) >= CHOICES
