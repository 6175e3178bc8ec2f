"""The API's calls, one method each."""

from __future__ import annotations

from types import TracebackType
from typing import BinaryIO, Literal, Self

import requests

from vanceweb.client import reading
from vanceweb.client.answers import Balance, Downloaded, HistoryPage, Progress, Transformed, Uploaded
from vanceweb.client.errors import AnswerNotUnderstood, IllegalParameter, UnknownCode
from vanceweb.client.exchange import Call, Exchange, FilePart, chunks, not_from_the_service
from vanceweb.client.http import http_session
from vanceweb.client.patience import LARGEST_RESULT, Retries, Timeouts
from vanceweb.client.redaction import Secret
from vanceweb.client.results import HEAD_BYTES, bare_name, picture_format, save_picture, says_json

HOSTED_BASE_URL = "https://api-service.vanceai.com/web_api/v1"


class VanceClient:
    """Speaks for one token with one service. Any thread may use it as far as its session may.

    Every method raises `NotReachable`, `AnswerNotUnderstood`, `InvalidToken` and `ServiceFault`; what else is
    likely stands with the method. `token` never shows in a repr, an error or a log. `session` is ours to use and
    the caller's to close; without one, the client makes its own and `close()` closes it.
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = HOSTED_BASE_URL,
        session: requests.Session | None = None,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
    ) -> None:
        self._own_session = None if session is not None else http_session()
        self._timeouts = timeouts or Timeouts()
        self._exchange = Exchange(
            Secret(token),
            base_url=base_url,
            session=session or self._own_session or http_session(),
            connect=self._timeouts.connect,
            retries=retries or Retries(),
        )

    def upload(self, file: BinaryIO, *, name: str, purpose: Literal["ai", "compress"] = "ai") -> Uploaded:
        """Send a picture, streamed from the start of `file`, which must be seekable. `purpose` is `compress` for
        the Compressor. Raises `LimitExceeded` beyond 10 MB or 34 megapixels, `IllegalParameter` for what is no
        JPG or PNG. Repeated when the connection fails: an upload costs nothing."""
        file.seek(0)
        kind = picture_format(file.read(HEAD_BYTES))
        types = {"jpg": "image/jpeg", "png": "image/png", None: "application/octet-stream"}
        call = Call(
            "POST",
            "/upload",
            silence=self._timeouts.upload,
            repeatable=True,
            fields={"job": purpose},
            part=FilePart(file, name=bare_name(name) or "image", content_type=types[kind]),
        )
        return self._exchange.ask(call, reading.read_upload)

    def transform(
        self, uid: str, jconfig: str, *, webhook: str | None = None, wait: float | None = None
    ) -> Transformed:
        """Start a job on an uploaded picture. Without `webhook` the service waits for the result.

        `wait` is the bundled engine's extension: seconds after which it answers `busy` or `process` if the job
        hasn't ended; 0 answers at once. It is sent only when given. Never repeated once a body was sent, since
        that could start a second job: after a `NotReachable` whose `may_have_arrived` is true, nobody knows.
        Raises `JConfigRejected`, `IllegalParameter`, `NotFound` (the uid), `LimitExceeded` (the result).
        """
        fields = {"uid": uid, "jconfig": jconfig}
        if webhook is not None:
            fields["webhook"] = webhook
        if wait is not None:
            fields["wait"] = f"{wait:g}"
        silence = self._timeouts.transform + (wait or 0)
        call = Call("POST", "/transform", silence=silence, repeatable=False, fields=fields)
        return self._exchange.ask(call, reading.read_transform)

    def progress(self, trans_id: str) -> Progress:
        """Where a job is. Raises `NotFound` for an unknown id and, with some services, `JobFailed`."""
        return self._exchange.ask(self._about(trans_id, "/progress", self._timeouts.progress), reading.read_progress)

    def download(self, trans_id: str, target: BinaryIO, *, max_bytes: int = LARGEST_RESULT) -> Downloaded:
        """Write a finished job's result to `target` (seekable), from where it stands, and cut it off behind.

        The first download of a job is what costs credits; further ones are free, so a broken one is repeated from
        the start. On an error `target` is left as long as it was. Raises `InsufficientCredits`, `NotFound`
        (unknown, removed or not finished), `JobFailed`.
        """
        start = target.tell()
        call = self._about(trans_id, "/download", self._timeouts.download)
        saved = False
        try:
            result = self._exchange.perform(
                call, lambda response: self._take(response, call, target, start, max_bytes, trans_id)
            )
            saved = True
        finally:
            if not saved:
                target.seek(start)
                target.truncate()
        return result

    def _take(
        self, response: requests.Response, call: Call, target: BinaryIO, start: int, max_bytes: int, trans_id: str
    ) -> Downloaded:
        target.seek(start)
        target.truncate()
        body = chunks(response, call, seconds=self._timeouts.download_total)
        head = b""
        while len(head) < HEAD_BYTES and (chunk := next(body, b"")):
            head += chunk
        if says_json(response, head):
            self._exchange.read_json(response, call, start=head)
            raise AnswerNotUnderstood("The service's answer was not understood: JSON, but no error.", call.label)
        if picture_format(head) is None:
            raise not_from_the_service(response, call)
        return save_picture(response, head, body, target, call=call, max_bytes=max_bytes, fallback_name=trans_id)

    def balance(self) -> Balance:
        """Credits granted to the account and used by it."""
        call = Call("GET", "/point", silence=self._timeouts.balance, repeatable=True)
        return self._exchange.ask(call, reading.read_balance)

    def history(self, page: int = 1, limit: int = 20) -> HistoryPage:
        """A page of charges, newest first; pages count from 1, `limit` is rows per page."""
        fields = {"page": str(page), "limit": str(limit)}
        call = Call("POST", "/points/record", silence=self._timeouts.history, repeatable=True, fields=fields)
        return self._exchange.ask(call, reading.read_history)

    def cancel(self, trans_id: str) -> bool:
        """Ask that a job isn't gone on with; the bundled engine's extension. True when the service took the wish
        (or the job had ended before), False where the service has no such call. Raises `NotFound`."""
        call = self._about(trans_id, "/cancel", self._timeouts.cancel)
        try:
            self._exchange.ask(call, reading.read_cancel)
        except (AnswerNotUnderstood, UnknownCode, IllegalParameter):
            return False
        return True

    def _about(self, trans_id: str, path: str, silence: float) -> Call:
        """A POST about one job, so that the token stands in no URL."""
        return Call("POST", path, silence=silence, repeatable=True, fields={"trans_id": trans_id})

    def close(self) -> None:
        """Close the connections of the client's own session, if it made one."""
        if self._own_session is not None:
            self._own_session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"VanceClient(base_url={self._exchange.base_url!r})"
