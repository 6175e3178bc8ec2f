"""A mail server on loopback that keeps what it gets."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailServer:
    """A running server and its mails."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)


class Handler(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as a client without TLS and authentication uses."""

    def handle(self) -> None:
        self.answer("220 localhost")
        while line := self.rfile.readline():
            command = line[:4].upper()
            if command == b"DATA":
                self.answer("354 go on")
                self.server.keep(self.read_mail())  # type: ignore[attr-defined]
            self.answer("221 bye" if command == b"QUIT" else "250 fine")
            if command == b"QUIT":
                return

    def read_mail(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def answer(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def run_mail_server() -> Iterator[MailServer]:
    """Run a server in a thread."""
    mail = MailServer()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def keep(self, content: bytes) -> None:
            mail.mails.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]

    with Server(("127.0.0.1", 0), Handler) as server:
        mail.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield mail
        server.shutdown()
