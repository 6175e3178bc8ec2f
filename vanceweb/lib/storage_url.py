"""The operator's choice of where files live: `STORAGE_URL`, read into Django's STORAGES.

    s3://[KEY:SECRET@]BUCKET[/PREFIX][?endpoint=https://HOST[:PORT]][&region=NAME]

Loads no library for object storage: every process reads the settings.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

FILE_SYSTEM_BACKEND = "vanceweb.lib.folder_storage.FolderStorage"
OBJECT_STORAGE_BACKEND = "vanceweb.lib.object_storage.ObjectStorage"
# The rules for names of buckets that every service shares.
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# Characters that no client and no proxy encodes in a URL: an encoding that differs would invalidate signatures.
PREFIX = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
REGION = re.compile(r"[A-Za-z0-9-]+")
PARAMETERS = frozenset({"endpoint", "region"})
# Compatible services that know no regions take any name in a signature; this one is the usual.
DEFAULT_REGION = "us-east-1"
FORM = "s3://KEY:SECRET@BUCKET/PREFIX?endpoint=https://HOST:PORT&region=NAME"


@dataclass(frozen=True)
class Credentials:
    """The keys for a bucket. `token` belongs to temporary keys only."""

    key: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Bucket:
    """A bucket of an S3-compatible service. `endpoint` is empty at AWS; `prefix` has no slash at either end."""

    name: str
    prefix: str
    endpoint: str
    region: str
    credentials: Credentials


def build_storages(url: str, credentials: Credentials, *, folders: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """Return an entry of STORAGES for each folder: a prefix of the folder's name in the bucket, or the folder itself.

    `credentials` are for a URL without any; an empty URL means the folders. Raise ImproperlyConfigured with a sentence
    that repeats no part of the URL, since any part may belong to the secret.
    """
    if not url:
        return {
            name: {"BACKEND": FILE_SYSTEM_BACKEND, "OPTIONS": {"location": folder}} for name, folder in folders.items()
        }
    bucket = parse_storage_url(url, credentials)
    return {name: _build_bucket_storage(bucket, folder.name) for name, folder in folders.items()}


def parse_storage_url(url: str, credentials: Credentials) -> Bucket:
    """Return the bucket. Raise ImproperlyConfigured (see `build_storages`)."""
    try:
        parts = urlsplit(url)
        has_port = parts.port is not None
    except ValueError:
        # The original error quotes the part it stumbles over.
        raise _refuse(f"can't be read. Its form is {FORM}, with KEY and SECRET percent-encoded") from None
    if parts.scheme != "s3":
        raise _refuse(f"must begin with s3://. Its form is {FORM}")
    if has_port:
        raise _refuse("names the service's address in the place of the bucket; the address belongs into endpoint=")
    if parts.fragment:
        raise _refuse("has a # in it; as a part of KEY or SECRET, it is written %23")
    parameters = _read_parameters(parts)
    endpoint, region = _read_endpoint(parameters.get("endpoint", "")), parameters.get("region", "")
    if not endpoint and not region:
        raise _refuse("needs region=NAME for AWS, or endpoint=URL for another service")
    if region and not REGION.fullmatch(region):
        raise _refuse("has a region with other characters than letters, digits and hyphens")
    return Bucket(
        name=_read_bucket_name(parts),
        prefix=_read_prefix(parts),
        endpoint=endpoint,
        region=region or DEFAULT_REGION,
        credentials=_read_credentials(parts, credentials),
    )


def _build_bucket_storage(bucket: Bucket, folder: str) -> dict[str, Any]:
    credentials = bucket.credentials
    return {
        "BACKEND": OBJECT_STORAGE_BACKEND,
        # Django hides values under names with KEY, SECRET or TOKEN in its error pages.
        "OPTIONS": {
            "access_key": credentials.key,
            "secret_key": credentials.secret,
            "security_token": credentials.token or None,
            "bucket_name": bucket.name,
            "location": "/".join(filter(None, (bucket.prefix, folder))),
            "endpoint_url": bucket.endpoint or None,
            "region_name": bucket.region,
        },
    }


def _read_parameters(parts: SplitResult) -> dict[str, str]:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if len(dict(pairs)) < len(pairs) or not PARAMETERS.issuperset(dict(pairs)):
        raise _refuse("may have the parameters endpoint and region, each once, and no others")
    return dict(pairs)


def _read_endpoint(endpoint: str) -> str:
    if not endpoint:
        return ""
    try:
        parts = urlsplit(endpoint)
        is_address = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    extras = (parts.path.strip("/"), parts.query, parts.fragment, parts.username) if is_address else ()
    if not is_address or parts.scheme not in ("http", "https") or any(extras):
        raise _refuse("needs an endpoint like https://HOST or http://HOST:PORT, without a path or a password")
    return endpoint.rstrip("/")


def _read_bucket_name(parts: SplitResult) -> str:
    name = parts.netloc.rpartition("@")[2]
    if not BUCKET_NAME.fullmatch(name):
        raise _refuse(
            "needs a bucket's name after s3://: 3 to 63 lower-case letters, digits, dots and hyphens. "
            "A / in KEY or SECRET is written %2F, an @ %40"
        )
    return name


def _read_prefix(parts: SplitResult) -> str:
    prefix = unquote(parts.path).strip("/")
    if prefix and (not PREFIX.fullmatch(prefix) or {".", ".."}.intersection(prefix.split("/"))):
        raise _refuse("has a prefix with other characters than letters, digits, dots, hyphens and underscores")
    return prefix


def _read_credentials(parts: SplitResult, given: Credentials) -> Credentials:
    if parts.username is None:
        if not given.key or not given.secret:
            raise _refuse(
                "has no KEY:SECRET@ before the bucket's name, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY aren't "
                "both set"
            )
        return given
    if not parts.username or not parts.password:
        raise _refuse("needs both KEY and SECRET before the @")
    return Credentials(unquote(parts.username), unquote(parts.password))


def _refuse(reason: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"STORAGE_URL {reason}.")
