"""Streaming an upload to disk, and no further than the limit."""

from typing import Any

from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest


class CappedUploadHandler(TemporaryFileUploadHandler):
    """Writes to a temporary file until the request's files are larger than `limit` bytes together.

    The rest is then read and dropped, so that the fields after the file (the token may be one) are still known and the
    sender, who is still sending, gets to read the refusal.
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
