"""A real provider of OpenID Connect (django-oauth-toolkit) in a process of its own, on loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

CHECKOUT = Path(__file__).resolve().parents[2]
CLIENT_ID, CLIENT_SECRET = "vanceweb-tests", "a secret of the tests"
PASSWORD = "correct horse battery"
# Its people: the address that each has there, and whether the provider calls it verified.
PEOPLE = {
    "alice": ("alice@studio.example", True),
    "una": ("una@studio.example", False),
    "newton": ("newton@studio.example", True),
    "eve": ("ceo@elsewhere.example", True),
}


@dataclass(frozen=True)
class Provider:
    """A running provider."""

    url: str

    def build_app(self, *domains: str) -> dict[str, Any]:
        """Return the configuration by which a site uses it."""
        return {
            "provider_id": "company",
            "name": "Company",
            "client_id": CLIENT_ID,
            "secret": CLIENT_SECRET,
            "settings": {"server_url": self.url, "email_domains": list(domains)},
        }

    def build_environment(self, *domains: str) -> dict[str, str]:
        """Return the variables by which an installation uses it."""
        return {
            "OIDC_PROVIDERS": "company",
            "OIDC_COMPANY_NAME": "Company",
            "OIDC_COMPANY_ISSUER": self.url,
            "OIDC_COMPANY_CLIENT_ID": CLIENT_ID,
            "OIDC_COMPANY_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_COMPANY_EMAIL_DOMAINS": ",".join(domains),
        }

    def allow(self, site: str) -> None:
        """Register the site's address to which it may send people back."""
        uri = f"{site}/login/with/company/callback/"
        requests.post(f"{self.url}/redirects/", data={"uri": uri}, timeout=30).raise_for_status()


@contextmanager
def run_provider(folder: Path) -> Iterator[Provider]:
    """Run a provider with its database in the folder."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.oidc_provider.server", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
        env={key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"},
    ) as process:
        assert process.stdout
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://localhost:"), "the provider did not start"
            yield Provider(url)
        finally:
            process.terminate()
