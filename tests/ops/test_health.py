"""`/healthz` is answered whoever asks, by whatever name."""

import http.server
import threading

import pytest
from django.db import OperationalError, connection

from vanceweb.ops.probe import is_healthy


@pytest.mark.django_db
def test_well_without_logging_in_and_by_any_host_name(client, settings):
    settings.ALLOWED_HOSTS = ["studio.example"]
    answer = client.get("/healthz", headers={"host": "10.0.0.7:8000"})
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_not_well_when_the_database_does_not_answer(client):
    def refuse(*args: object) -> None:
        raise OperationalError("gone")

    with connection.execute_wrapper(refuse):
        assert client.get("/healthz").status_code == 503


def test_probe_tells_a_site_from_silence_and_from_errors():
    class Site(http.server.BaseHTTPRequestHandler):
        status = 200

        def do_GET(self) -> None:
            self.send_response(self.status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert is_healthy(url)
        Site.status = 503
        assert not is_healthy(url)
        server.shutdown()
    assert not is_healthy(url, timeout=0.2)
