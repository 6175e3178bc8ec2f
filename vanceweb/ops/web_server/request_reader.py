"""The reader of one request: waitress's, stricter about where a request ends."""

import re

from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.utilities import BadRequest, RequestHeaderFieldsTooLarge

from vanceweb.ops.web_server.limits import CHUNK_LINE_MAX_BYTES, TRAILER_MAX_BYTES

TRANSFER_ENCODING = re.compile(rb"^transfer-encoding:[ \t]*(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class RequestReader(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """A request, from its first byte to the last of its body.

    A request is refused when another program before us could see its end elsewhere: with two lengths, with an encoding
    besides `chunked`, or with chunks in HTTP/1.0 (request smuggling, RFC 9112, section 6.3).
    """

    def __init__(self, adjustments: Adjustments) -> None:
        super().__init__(adjustments)
        # By the connection's clock; a reader is made with the first byte of its request, or before it.
        self.headers_since = self.body_since = 0.0

    def received(self, data: bytes) -> int:
        """Take bytes of the request and return how many belong to it."""
        count: int = super().received(data)
        self._check_chunk_lines()
        if self.completed:
            # Nothing is left to be sent: a sender that were told to continue would be waited for.
            self.expect_continue = False
        if self.error:
            self.connection_close = True
        return count

    def parse_header(self, header_plus: bytes) -> None:
        """Read the request line and the headers. Raise ParsingError for a request that is refused."""
        super().parse_header(header_plus)
        encodings = TRANSFER_ENCODING.findall(header_plus)
        if not encodings:
            return
        if self.version != "1.1" or [value.lower() for value in encodings] != [b"chunked"]:
            raise ParsingError("Transfer-Encoding must be chunked, once, in HTTP/1.1")
        if "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length and Transfer-Encoding exclude each other")

    def _check_chunk_lines(self) -> None:
        """Refuse a line between chunks that doesn't end: it is kept in memory and searched anew with every packet."""
        chunks = self.body_rcv
        if not isinstance(chunks, ChunkedReceiver) or self.completed:
            return
        if len(chunks.control_line) > CHUNK_LINE_MAX_BYTES:
            self.refuse(BadRequest("The line of a chunk is too long"))
        elif len(chunks.trailer) > TRAILER_MAX_BYTES:
            self.refuse(RequestHeaderFieldsTooLarge("The headers after the body are too long"))

    def refuse(self, error: BadRequest) -> None:
        """End the request with an error that is answered in its place."""
        self.error = error
        self.completed = True
