"""`python -m vanceweb.ops.web_server`: one web process, of the site or of the engine alone."""

import os
import socket
import tempfile
from argparse import ArgumentParser

from django.conf import settings
from django.utils.module_loading import import_string

from vanceweb.ops.listener import open_listener
from vanceweb.ops.web_server.server import serve


def main() -> None:
    """Serve on the socket that `--fd` names, which `manage.py up` has opened, or else on HOST and PORT."""
    parser = ArgumentParser(prog="python -m vanceweb.ops.web_server", description="Run one web process.")
    parser.add_argument("--fd", type=int, help="the file descriptor of a listening socket; default: open HOST and PORT")
    parser.add_argument("--application", default="vanceweb.wsgi.application", help="the WSGI application")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vanceweb.settings")
    # Where Django keeps uploads, too: the system's folder may be in memory.
    tempfile.tempdir = str(settings.FILE_UPLOAD_TEMP_DIR)
    application = import_string(options.application)
    with socket.socket(fileno=options.fd) if options.fd else open_listener(settings.HOST, settings.PORT) as listener:
        serve(
            application,
            listener,
            threads=settings.WEB_THREADS,
            max_body=settings.WEB_MAX_BODY_BYTES,
            watchdog=settings.WEB_TIMEOUT,
        )


if __name__ == "__main__":
    main()
