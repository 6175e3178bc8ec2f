"""Files in a bucket of an S3-compatible service, as private objects.

Errors are those of the file system: FileNotFoundError for a missing object, else an OSError with the service's code.
"""

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import boto3.session
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from vanceweb.lib.stored_names import StoredFile

# A service in reach accepts a connection within a fraction of this, also after one lost packet.
CONNECT_SECONDS = 5
# The wait for the next bytes. All attempts together take less than WEB_TIMEOUT and the engine's longest run.
READ_SECONDS = 15
# One error in a row is usual when a service restarts or limits its load; boto pauses between the attempts.
ATTEMPTS = 3
# The largest object that is kept in memory while it is open: most thumbnails. A larger one becomes a temporary file.
MAX_MEMORY_BYTES = 256 * 1024
# Bytes of one request. A large object is sent and fetched in parts of this size, one after the other: with threads,
# each open picture would take ten of them in memory.
PART_BYTES = 8 * 1024 * 1024
# Codes of services that have no more room: of the client's quota, and of MinIO's and Ceph's disks.
FULL_CODES = frozenset({"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage"})
# A proxy follows a signed path at once.
SIGNATURE_SECONDS = 60

_connecting = threading.Lock()
# By their keys. A session parses megabytes of descriptions, and the storages of a site differ in their prefix only.
_sessions: dict[tuple[str | None, ...], boto3.session.Session] = {}


class ObjectStorage(S3Storage):  # type: ignore[misc]
    """A prefix of a bucket.

    `save` overwrites an object of the same name without asking. Names are unique for each attempt, so this only saves
    the request that looks for another name. Access is the bucket's own, which is private; no object gets an ACL.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("session_profile", None)
        super().__init__(
            **options,
            file_overwrite=True,
            default_acl=None,
            max_memory_size=MAX_MEMORY_BYTES,
            client_config=_build_client_config(has_endpoint=bool(options.get("endpoint_url"))),
            transfer_config=TransferConfig(
                multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False
            ),
        )

    @property
    def connection(self) -> Any:
        """The thread's connection. All of the same keys share a session, which isn't safe for threads."""
        with _connecting:
            return super().connection

    def open_stream(self, name: str, *, first: int = 0, count: int | None = None) -> BinaryIO:
        """Return `count` bytes of the object from number `first` on, to be read while they arrive, without seeking.

        Raise FileNotFoundError or OSError.
        """
        span = {} if count is None else {"Range": f"bytes={first}-{first + count - 1}"}
        with _translate_errors(name):
            response = self.connection.meta.client.get_object(
                Bucket=self.bucket_name, Key=self._normalize_name(name), **span
            )
        return cast(BinaryIO, response["Body"])

    def sign_path(self, name: str, *, content_type: str) -> str:
        """Return the path and query at the service that give the object to a GET request for a minute, as this type."""
        parts = urlsplit(self.url(name, {"ResponseContentType": content_type}, expire=SIGNATURE_SECONDS))
        return f"{parts.path}?{parts.query}"

    def check_bucket(self) -> None:
        """Raise OSError if the service doesn't answer, has no such bucket or refuses the credentials."""
        with _translate_errors(self.bucket_name):
            self.connection.meta.client.list_objects_v2(Bucket=self.bucket_name, Prefix=self.location, MaxKeys=1)

    def iterate_files(self) -> Iterator[StoredFile]:
        """Yield the objects below the prefix by key, a page of a thousand at a time. Raise OSError."""
        prefix = f"{self.location}/" if self.location else ""
        pages = iter(
            self.connection.meta.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket_name, Prefix=prefix
            )
        )
        while True:
            with _translate_errors(self.bucket_name):
                page = next(pages, None)
            if page is None:
                return
            for entry in page.get("Contents", ()):
                yield StoredFile(entry["Key"].removeprefix(prefix), entry["Size"], entry["LastModified"])

    def exists(self, name: str) -> bool:
        with _translate_errors(name):
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with _translate_errors(name):
            return int(super().size(name))

    def delete(self, name: str) -> None:
        with _translate_errors(name):
            super().delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _translate_errors(path):
            folders, files = super().listdir(path)
        return folders, files

    def _open(self, name: str, mode: str = "rb") -> Any:
        with _translate_errors(name):
            file = super()._open(name, mode)
            # Fetches the bytes, which otherwise the first `read` does: there nobody expects a missing file.
            file.open()
        return file

    def _save(self, name: str, content: Any) -> str:
        with _translate_errors(name):
            return str(super()._save(name, content))

    def _create_session(self) -> boto3.session.Session:
        keys = (self.access_key, self.secret_key, self.security_token)
        if keys not in _sessions:
            _sessions[keys] = super()._create_session()
        return _sessions[keys]


def _build_client_config(*, has_endpoint: bool) -> Config:
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        signature_version="s3v4",
        # Other services have one host name for all buckets.
        s3={"addressing_style": "path" if has_endpoint else "auto"},
        # Checksums in trailers, the default, are unknown to some compatible services.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # The settings name the service; boto's own variables and files don't.
        ignore_configured_endpoint_urls=True,
    )


@contextmanager
def _translate_errors(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        # Without a number, it is about the object; otherwise about the folder of temporary files.
        if error.errno is None:
            raise _make_missing(name) from None
        raise OSError(errno.EIO, f"no temporary file can be written to {error.filename}", name) from error
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in ("404", "NoSuchKey"):
            raise _make_missing(name) from None
        number = errno.ENOSPC if code in FULL_CODES else errno.EIO
        raise OSError(number, f"the object storage answered {code}", name) from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(errno.EIO, f"the object storage failed with {type(error).__name__}", name) from error


def _make_missing(name: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
