"""`python -m vanceweb.lib.decoder`: the decoder, on a socket or for one connection."""

import argparse
import socket
from pathlib import Path

from PIL import Image

from vanceweb.lib.decoder.addresses import open_listener
from vanceweb.lib.decoder.conversion import load_codecs
from vanceweb.lib.decoder.limits import MEGABYTE, DecoderLimits
from vanceweb.lib.decoder.server import DecoderServer


def main() -> None:
    """Serve until SIGTERM or SIGINT, or until the one connection is done."""
    options = _parse_arguments()
    # Children inherit the loaded codecs. The client enforces the limits of pixels.
    load_codecs()
    Image.MAX_IMAGE_PIXELS = None
    limits = DecoderLimits(
        seconds=options.seconds, memory=options.megabytes * MEGABYTE, wall_factor=options.wall_factor
    )
    if options.connection is not None:
        server = DecoderServer(limits, at_once=1)
        server.start_job(socket.socket(fileno=options.connection))
        server.run()
    else:
        DecoderServer(limits, at_once=options.at_once, listener=open_listener(options.socket)).run()


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="decoder", description="Decode untrusted pictures in limited processes.")
    parser.add_argument("--seconds", type=int, required=True, help="processor time for one picture of an upload's size")
    parser.add_argument("--megabytes", type=int, required=True, help="memory for one picture")
    parser.add_argument("--wall-factor", type=int, default=3, help="longest time, in multiples of the processor time")
    parser.add_argument("--at-once", type=int, default=1, help="pictures decoded at a time")
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--socket", type=Path, help="the path to listen on")
    target.add_argument("--connection", type=int, help="the file descriptor of one client's connection")
    return parser.parse_args()


if __name__ == "__main__":
    main()
