"""Processes of `manage.py up`."""

from vanceweb.settings.environment import env

# Two web processes use two processors, and the site survives the death of one. Their threads mostly wait for the
# database or, in /transform, for a result.
WEB_WORKERS = env.int("WEB_WORKERS", 2)
WEB_THREADS = env.int("WEB_THREADS", 8)
# A web process whose main loop hangs for this long is replaced, 0 for never. Slow requests run in other threads.
WEB_TIMEOUT = env.int("WEB_TIMEOUT", 60)
# A larger body is refused unread. Bodies beyond the upload limit are read up to here, so that their senders get the
# refusal by the site's or the engine's own words: people do send 30 MB photos.
WEB_MAX_BODY_BYTES = 100 * 1024 * 1024
# Work on the `io` queue mostly waits for the network: one process does it in this many threads.
IO_WORKERS = env.int("IO_WORKERS", 1)
IO_CONCURRENCY = env.int("IO_CONCURRENCY", 16)
# Calls of one process to one service at the same time, so that a slow service leaves workers for the others.
IO_SERVICE_CALLS = env.int("IO_SERVICE_CALLS", 4)
# Calls of one `io` worker to all services on the network together. The other threads remain for the bundled engine and
# for work on this machine.
IO_REMOTE_CALLS = env.int("IO_REMOTE_CALLS", max(1, IO_CONCURRENCY - 4))
# One engine worker uses all processors already (ENGINE_MODEL_THREADS).
ENGINE_WORKERS = env.int("ENGINE_WORKERS", 1)
# Pages have priority over pictures.
ENGINE_NICENESS = env.int("ENGINE_NICENESS", 5)
# Seconds between an idle worker's queries for work: the longest wait before a job starts.
WORKER_INTERVAL = env.float("WORKER_INTERVAL", 0.2)
# A slow machine under load needs ten seconds; after a minute the start has failed.
UP_START_SECONDS = env.float("UP_START_SECONDS", 60.0)
# SIGKILL follows SIGTERM after this long: jobs survive it, and even a machine under load stops within 15 s.
UP_STOP_SECONDS = env.float("UP_STOP_SECONDS", 7.0)
# Off in the container image, which is built with the static files collected.
COLLECT_STATIC = env.bool("COLLECT_STATIC", True)
