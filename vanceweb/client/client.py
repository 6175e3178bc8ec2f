"""The API client, with one method per call."""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType
from typing import BinaryIO, Literal, Self

import requests

from vanceweb.client import parsing
from vanceweb.client.errors import IllegalParameter, InvalidResponse, UnknownCode
from vanceweb.client.http import ANYWHERE, Network, abort_session, build_http_session
from vanceweb.client.redaction import Secret
from vanceweb.client.responses import Balance, DownloadedImage, HistoryPage, JobProgress, StartedJob, UploadedImage
from vanceweb.client.result_download import HEAD_BYTES, detect_format, is_json, save_picture
from vanceweb.client.timeouts import MAX_RESULT_BYTES, Retries, Timeouts
from vanceweb.client.transport import APICall, FilePart, Transport, read_chunks
from vanceweb.lib.file_names import clean_file_name

HOSTED_BASE_URL = "https://api-service.vanceai.com/web_api/v1"


class VanceClient:
    """A client for one service and one token. It is as thread-safe as its session.

    Every method raises `ServiceUnreachable`, `InvalidResponse`, `InvalidToken` and `ServiceFault`; other likely
    errors are listed with the method. `token` never appears in a repr, an error or a log. A `session` that is passed
    in must be closed by the caller; without one, the client creates its own for the `network`, which
    `close()` closes. `abort()` ends the calls of other threads, which raise `ServiceUnreachable`.
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = HOSTED_BASE_URL,
        session: requests.Session | None = None,
        network: Network = ANYWHERE,
        timeouts: Timeouts | None = None,
        retries: Retries | None = None,
    ) -> None:
        self._own_session = None if session is not None else build_http_session(network=network)
        self._timeouts = timeouts or Timeouts()
        self._session = session or self._own_session or build_http_session(network=network)
        self._transport = Transport(
            Secret(token),
            base_url=base_url,
            session=self._session,
            connect=self._timeouts.connect,
            retries=retries or Retries(),
        )

    def upload(self, file: BinaryIO, *, name: str, purpose: Literal["ai", "compress"] = "ai") -> UploadedImage:
        """Upload an image, streamed from the beginning of `file`, which must be seekable.

        `purpose` is `compress` for the Compressor. The upload is retried if the connection fails, since it costs
        nothing. Raises `LimitExceeded` beyond 10 MB or 34 megapixels, and `IllegalParameter` if the file is neither
        JPG nor PNG.
        """
        file.seek(0)
        kind = detect_format(file.read(HEAD_BYTES))
        types = {"jpg": "image/jpeg", "png": "image/png", None: "application/octet-stream"}
        call = APICall(
            "POST",
            "/upload",
            read_timeout=self._timeouts.upload,
            transfer_timeout=self._timeouts.upload_total,
            repeatable=True,
            fields={"job": purpose},
            file_part=FilePart(file, name=clean_file_name(name, fallback="image"), content_type=types[kind]),
        )
        return self._transport.request_json(call, parsing.parse_upload)

    def transform(
        self,
        uid: str,
        jconfig: str,
        *,
        webhook: str | None = None,
        wait: float | None = None,
        queue_key: str | None = None,
    ) -> StartedJob:
        """Start a job on an uploaded image. Without `webhook`, the service waits for the result.

        `wait` and `queue_key` are extensions of the bundled engine, sent only if given. `wait`: the seconds after which
        it responds with `busy` or `process` if the job hasn't ended, or 0 for an immediate response. `queue_key`, up to
        64 characters: jobs with different keys take turns. The call is never retried once a
        body was sent, since that could start a second job: after a `ServiceUnreachable` whose `may_have_arrived` is
        true, nobody knows whether the job exists. Raises `JConfigRejected`, `IllegalParameter`, `NotFound` (the uid)
        and `LimitExceeded` (the result).
        """
        fields = {"uid": uid, "jconfig": jconfig}
        if webhook is not None:
            fields["webhook"] = webhook
        if wait is not None:
            fields["wait"] = f"{wait:g}"
        if queue_key is not None:
            fields["queue_key"] = queue_key
        read_timeout = self._timeouts.transform + (wait or 0)
        call = APICall("POST", "/transform", read_timeout=read_timeout, repeatable=False, fields=fields)
        return self._transport.request_json(call, parsing.parse_transform)

    def get_progress(self, trans_id: str) -> JobProgress:
        """Return a job's progress. Raises `NotFound` for an unknown id and, with some services, `JobFailed`."""
        return self._transport.request_json(
            self._build_job_call(trans_id, "/progress", self._timeouts.progress), parsing.parse_progress
        )

    def download(self, trans_id: str, target: BinaryIO, *, max_bytes: int = MAX_RESULT_BYTES) -> DownloadedImage:
        """Write a finished job's result to `target` (seekable) at its current position and truncate the rest.

        The service charges credits for a job's first download only, so a broken one is retried from the beginning. On
        an error, `target` is truncated to its starting position. Raises `InsufficientCredits`, `NotFound` (unknown,
        deleted or unfinished job) and `JobFailed`.
        """
        start = target.tell()
        call = self._build_job_call(
            trans_id, "/download", self._timeouts.download, transfer_timeout=self._timeouts.download_total
        )
        saved = False
        try:
            result = self._transport.request(
                call, lambda response: self._receive_picture(response, call, target, start, max_bytes, trans_id)
            )
            saved = True
        finally:
            if not saved:
                target.seek(start)
                target.truncate()
        return result

    def _receive_picture(
        self, response: requests.Response, call: APICall, target: BinaryIO, start: int, max_bytes: int, trans_id: str
    ) -> DownloadedImage:
        target.seek(start)
        target.truncate()
        body = read_chunks(response, call, seconds=self._timeouts.download_total)
        head = b""
        while len(head) < HEAD_BYTES and (chunk := next(body, b"")):
            head += chunk
        if is_json(response, head):
            self._transport.read_json(response, call, start=head)
            raise InvalidResponse("The service's answer was not understood: JSON instead of an image.", call.label)
        if detect_format(head) is None:
            raise self._transport.build_non_json_error(response, call)
        result = save_picture(response, head, body, target, call=call, max_bytes=max_bytes, fallback_name=trans_id)
        return replace(result, name=self._transport.hide_token(result.name))

    def get_balance(self) -> Balance:
        """Return the credits granted to the account and used by it."""
        call = APICall("GET", "/point", read_timeout=self._timeouts.balance, repeatable=True)
        return self._transport.request_json(call, parsing.parse_balance)

    def get_history(self, page: int = 1, limit: int = 20) -> HistoryPage:
        """Return a page of charges, newest first. Pages count from 1; `limit` is the number of rows per page."""
        fields = {"page": str(page), "limit": str(limit)}
        call = APICall("POST", "/points/record", read_timeout=self._timeouts.history, repeatable=True, fields=fields)
        return self._transport.request_json(call, parsing.parse_history)

    def cancel(self, trans_id: str) -> bool:
        """Request a job's cancellation, an extension of the bundled engine. Return True if the service accepted the
        request or the job had already ended, False if the service has no such call. Raises `NotFound`."""
        call = self._build_job_call(trans_id, "/cancel", self._timeouts.cancel)
        try:
            self._transport.request_json(call, parsing.parse_cancel)
        except (InvalidResponse, UnknownCode, IllegalParameter):
            return False
        return True

    def _build_job_call(
        self, trans_id: str, path: str, read_timeout: float, *, transfer_timeout: float = 0.0
    ) -> APICall:
        """Return a call about one job. It is a POST, which keeps the token out of the URL."""
        return APICall(
            "POST",
            path,
            read_timeout=read_timeout,
            transfer_timeout=transfer_timeout,
            repeatable=True,
            fields={"trans_id": trans_id},
        )

    def abort(self) -> None:
        """Break off the calls of all threads, and make later ones fail. Nothing is retried after that.

        Any thread may call it. A passed session is aborted with all its calls. A call in process runs to its end.
        """
        self._transport.abort()
        abort_session(self._session)

    def close(self) -> None:
        """Close the client's own session, if it created one."""
        if self._own_session is not None:
            self._own_session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"VanceClient(base_url={self._transport.base_url!r})"
