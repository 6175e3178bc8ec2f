"""The providers of OpenID Connect that an operator has configured."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env


def build_app(name: str, env: Env) -> dict[str, Any]:
    """Return the configuration of the provider `name` from `OIDC_<NAME>_…`. Raise ImproperlyConfigured."""
    prefix = f"OIDC_{name.upper().replace('-', '_')}_"
    issuer, client = env.str(f"{prefix}ISSUER", "").rstrip("/"), env.str(f"{prefix}CLIENT_ID", "")
    if urlsplit(issuer).scheme not in ("https", "http") or not urlsplit(issuer).netloc:
        raise ImproperlyConfigured(f"{prefix}ISSUER must be the URL of the provider, such as https://id.example.com.")
    if not client:
        raise ImproperlyConfigured(f"{prefix}CLIENT_ID is missing.")
    domains: list[str] = env.list(f"{prefix}EMAIL_DOMAINS", [])
    return {
        "provider_id": name.lower(),
        "name": env.str(f"{prefix}NAME", name.capitalize()),
        "client_id": client,
        "secret": env.str(f"{prefix}CLIENT_SECRET", ""),
        "settings": {"server_url": issuer, "email_domains": [domain.lower() for domain in domains]},
    }


def list_origins(apps: Iterable[dict[str, Any]]) -> list[str]:
    """Return the origins of the providers, each once."""
    urls = (urlsplit(app["settings"]["server_url"]) for app in apps)
    return sorted({f"{url.scheme}://{url.netloc}" for url in urls})
