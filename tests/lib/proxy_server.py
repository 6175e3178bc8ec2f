"""A proxy that leads every name to this machine and remembers what it was asked for."""

import http.client
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class ProxyServer:
    """A running proxy. `targets` are methods and origins, or host and port of a tunnel."""

    port: int
    targets: list[tuple[str, str]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)


@contextmanager
def run_proxy() -> Iterator[ProxyServer]:
    """Run a proxy on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._forward()

        def do_POST(self) -> None:
            self._forward()

        def do_CONNECT(self) -> None:
            self._remember(self.path)
            with socket.create_connection(("127.0.0.1", int(self.path.rpartition(":")[2]))) as onward:
                self.send_response(200)
                self.end_headers()
                self._tunnel(onward)
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

        def _remember(self, target: str) -> None:
            proxy.targets.append((self.command, target))
            proxy.authorizations.append(self.headers.get("Proxy-Authorization"))

        def _forward(self) -> None:
            parts = urlsplit(self.path)
            self._remember(f"{parts.scheme}://{parts.netloc}")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            onward = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=5)
            hidden = {"proxy-authorization", "connection"}
            headers = {name: value for name, value in self.headers.items() if name.lower() not in hidden}
            onward.request(self.command, self.path.partition(parts.netloc)[2], body=body, headers=headers)
            response = onward.getresponse()
            content = response.read()
            self.send_response(response.status)
            self.send_header("Content-Type", response.headers.get("Content-Type", ""))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            onward.close()

        def _tunnel(self, onward: socket.socket) -> None:
            ends = {self.connection: onward, onward: self.connection}
            while True:
                for end in select.select(list(ends), [], [], 5)[0] or [None]:
                    block = end.recv(65536) if end else b""
                    if not end or not block:
                        return
                    ends[end].sendall(block)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy = ProxyServer(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
