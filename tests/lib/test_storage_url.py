"""STORAGE_URL: what it means, and the sentences that refuse a wrong one without repeating it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.views.debug import SafeExceptionReporterFilter

from tests.live_site import CHECKOUT, build_environment, build_manage_command
from vanceweb.lib.storage_url import Bucket, Credentials, build_storages, parse_storage_url

NONE = Credentials("", "")
GIVEN = Credentials("environment", "of-the-environment", "session")
# Parts of it are in every wrong URL below.
SECRET = "Xq7SECRET"


def test_without_a_url_files_are_in_their_folders(tmp_path: Path) -> None:
    built = build_storages("", NONE, folders={"default": tmp_path / "media", "engine": tmp_path / "engine"})
    assert [entry["OPTIONS"]["location"] for entry in built.values()] == [tmp_path / "media", tmp_path / "engine"]
    assert {entry["BACKEND"] for entry in built.values()} == {"vanceweb.lib.folder_storage.FolderStorage"}


@pytest.mark.parametrize(
    ("url", "bucket"),
    [
        (
            "s3://K%2Fey:s%2Fe%2Bc%3Ar%40et%25@photos/studio/one?endpoint=http://127.0.0.1:9000",
            Bucket("photos", "studio/one", "http://127.0.0.1:9000", "us-east-1", Credentials("K/ey", "s/e+c:r@et%")),
        ),
        (
            "s3://my.photos/?endpoint=https%3A%2F%2Fs3.example%2F&region=garage",
            Bucket("my.photos", "", "https://s3.example", "garage", GIVEN),
        ),
        ("s3://photos?region=eu-central-1", Bucket("photos", "", "", "eu-central-1", GIVEN)),
        ("s3://photos/%61/?endpoint=http://[::1]:9000", Bucket("photos", "a", "http://[::1]:9000", "us-east-1", GIVEN)),
    ],
)
def test_a_url_names_bucket_prefix_service_and_keys(url: str, bucket: Bucket) -> None:
    assert parse_storage_url(url, GIVEN) == bucket


def test_the_files_of_site_and_engine_have_different_prefixes() -> None:
    folders = {"default": Path("/data/media"), "engine": Path("/data/engine")}
    built = build_storages("s3://k:s@photos/one?region=x", NONE, folders=folders)
    assert [entry["OPTIONS"]["location"] for entry in built.values()] == ["one/media", "one/engine"]
    built = build_storages("s3://k:s@photos?region=x", NONE, folders=folders)
    assert [entry["OPTIONS"]["location"] for entry in built.values()] == ["media", "engine"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (f"https://k:{SECRET}@host/bucket", "must begin with s3://"),
        (f"k:{SECRET}@photos?region=x", "must begin with s3://"),
        (f"s3://k:{SECRET}/{SECRET}@photos?region=x", "can't be read"),
        (f"s3://k:{SECRET}@[photos?region=x", "can't be read"),
        (f"s3://k:{SECRET}@host:9000/photos", "belongs into endpoint="),
        (f"s3://k:{SECRET}#x@photos?region=x", "can't be read"),
        (f"s3://k:{SECRET}@photos?region=x#{SECRET}", "written %23"),
        (f"s3://k:{SECRET}@photos", "needs region=NAME for AWS"),
        (f"s3://k:{SECRET}@photos?region=x&acl={SECRET}", "no others"),
        (f"s3://k:{SECRET}@photos?region=x&region={SECRET}", "each once"),
        (f"s3://k:{SECRET}@photos?region=%20{SECRET}", "region"),
        (f"s3://k:{SECRET}@?region=x", "needs a bucket's name"),
        (f"s3://k:{SECRET}@{SECRET}_?region=x", "needs a bucket's name"),
        (f"s3://k:{SECRET}@photos/../{SECRET}?region=x", "prefix"),
        (f"s3://k:{SECRET}@photos/a%20{SECRET}?region=x", "prefix"),
        (f"s3://k:{SECRET}@photos?endpoint={SECRET}", "endpoint like"),
        (f"s3://k:{SECRET}@photos?endpoint=ftp://{SECRET}", "endpoint like"),
        (f"s3://k:{SECRET}@photos?endpoint=http://a:{SECRET}@host", "endpoint like"),
        (f"s3://k:{SECRET}@photos?endpoint=http://host/{SECRET}", "endpoint like"),
        (f"s3://k:{SECRET}@photos?endpoint=http://host:{SECRET}", "endpoint like"),
        (f"s3://{SECRET}@photos?region=x", "both KEY and SECRET"),
        (f"s3://:{SECRET}@photos?region=x", "both KEY and SECRET"),
        ("s3://photos?region=x", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_a_wrong_url_is_refused_with_the_reason_and_never_repeated(url: str, reason: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        parse_storage_url(url, Credentials("environment", ""))
    assert reason in str(refused.value)
    assert str(refused.value).startswith("STORAGE_URL ")
    assert SECRET.lower() not in str(refused.value).lower()
    # The traceback of a web server names no earlier error, which could quote the URL.
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None or refused.value.__suppress_context__


def test_commands_and_servers_refuse_to_start_with_a_wrong_url(tmp_path: Path) -> None:
    environment = build_environment(tmp_path / "data", STORAGE_URL=f"s3://k:{SECRET}@photos")
    for command in (build_manage_command("check"), [sys.executable, "-c", "import vanceweb.wsgi"]):
        run = subprocess.run(command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
        assert run.returncode == 1
        assert run.stderr.splitlines()[-1].endswith(
            "STORAGE_URL needs region=NAME for AWS, or endpoint=URL for another service."
        )
        assert SECRET not in run.stdout + run.stderr


def test_secrets_are_hidden_in_error_pages_and_representations(settings: Any) -> None:
    url = f"s3://k:{SECRET}@photos?region=eu-central-1"
    assert SECRET not in repr(parse_storage_url(url, NONE))
    settings.STORAGES = settings.STORAGES | build_storages(url, NONE, folders={"default": Path("media")})
    assert SECRET not in repr(SafeExceptionReporterFilter().get_safe_settings())
    assert SECRET not in repr(storages["default"])


@pytest.mark.parametrize("location", ["_files/", "/_files", "/", "/../", "/_files/ x/", "https://host/"])
def test_a_wrong_location_of_the_proxy_is_refused(location: str, tmp_path: Path) -> None:
    environment = build_environment(tmp_path / "data", X_ACCEL_LOCATION=location)
    run = subprocess.run(
        build_manage_command("check"), env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 1
    assert "vanceweb can't start with this environment" in run.stderr
    assert "X_ACCEL_LOCATION" in run.stderr


READ_SETTINGS = """
import json, sys
from vanceweb import settings

print(json.dumps([settings.STORAGES["engine"]["OPTIONS"], "boto3" in sys.modules]))
"""


def test_the_settings_take_the_keys_from_the_environment_and_load_no_library(tmp_path: Path) -> None:
    environment = build_environment(
        tmp_path / "data",
        STORAGE_URL="s3://photos/one?endpoint=http://127.0.0.1:9000",
        AWS_ACCESS_KEY_ID="K/ey",
        AWS_SECRET_ACCESS_KEY="s+cret",
        AWS_SESSION_TOKEN="session",
    )
    run = subprocess.run(
        [sys.executable, "-c", READ_SETTINGS], env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=60
    )
    options, is_loaded = json.loads(run.stdout)
    assert options == {
        "access_key": "K/ey",
        "secret_key": "s+cret",
        "security_token": "session",
        "bucket_name": "photos",
        "location": "one/engine",
        "endpoint_url": "http://127.0.0.1:9000",
        "region_name": "us-east-1",
    }
    assert not is_loaded
