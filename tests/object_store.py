"""A real S3 server in this process, on a free port, with one bucket."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from vanceweb.lib.storage_url import Credentials, build_storages

BUCKET = "pictures"
KEY, SECRET = "operator", "not/a+real=secret"
ENCODED_SECRET = "not%2Fa%2Breal%3Dsecret"


@dataclass(frozen=True)
class ObjectStore:
    """The server, and a prefix of its bucket that only one test uses."""

    endpoint: str
    client: Any
    prefix: str = ""

    @property
    def url(self) -> str:
        """The STORAGE_URL of the prefix."""
        return f"s3://{KEY}:{ENCODED_SECRET}@{BUCKET}/{self.prefix}?endpoint={self.endpoint}"

    def build_storages(self) -> dict[str, dict[str, Any]]:
        """Return the entries of STORAGES, as the settings build them."""
        return build_storages(
            self.url, Credentials("", ""), folders={"default": Path("media"), "engine": Path("engine")}
        )

    def list_keys(self, folder: str = "") -> list[str]:
        """Return the keys of all objects, without the prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{self.prefix}/{folder}")
        return [entry["Key"].removeprefix(f"{self.prefix}/") for page in pages for entry in page.get("Contents", ())]

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=f"{self.prefix}/{key}", Body=content)

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=f"{self.prefix}/{key}")


@contextmanager
def run_object_store() -> Iterator[ObjectStore]:
    # One line per request otherwise.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
        )
        client.create_bucket(Bucket=BUCKET)
        yield ObjectStore(endpoint, client)
    finally:
        server.stop()
