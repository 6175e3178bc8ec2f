"""Streaming of uploads to disk, up to the size limit."""

from typing import Any

from django.core.files.uploadhandler import SkipFile
from django.http import HttpRequest

from vanceweb.lib.upload_names import NameKeepingUploadHandler


class CappedUploadHandler(NameKeepingUploadHandler):
    """Writes a request's files to temporary files until they exceed `limit` bytes in total.

    The rest is read and discarded, so that the fields after the file (such as the token) are still read, and the
    client can finish sending and read the error.
    """

    def __init__(self, request: HttpRequest, *, limit: int) -> None:
        super().__init__(request)
        self.limit = limit
        self.received = 0
        self.exceeded = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        self.received += len(raw_data)
        if self.received > self.limit:
            self.exceeded = True
            raise SkipFile
        return super().receive_data_chunk(raw_data, start)
