"""The bundled engine."""

from vanceweb.settings.base import DATA_DIR
from vanceweb.settings.environment import env
from vanceweb.settings.processes import WEB_MAX_BODY_BYTES, WEB_THREADS

BUNDLED_ENGINE_WSGI = "vanceweb.engine.wsgi.application"
# The list of backends loads every network once: seconds, on a slow disk with large networks half a minute.
BUNDLED_MODELS_SECONDS = 60.0
BUNDLED_ACCOUNT_ISSUER = "vanceweb.engine.accounts.create_account"
# The function to call with the trans_id of each transform that ends, in the same transaction; empty: none.
ENGINE_ON_END = "vanceweb.jobs.engine_events.wake_job_of_transform"
# The function that counts each call from outside; it returns the seconds until the next may pass, or 0. Empty: none.
ENGINE_CALL_THROTTLE = "vanceweb.throttling.services.count_engine_call"
# Credits of a new account on the bundled engine.
BUNDLED_ACCOUNT_CREDITS = env.int("BUNDLED_ACCOUNT_CREDITS", 1000)
# The modules of features that the engine can't do here for lack of model weights (ops/missing_weights.py).
ENGINE_GAPS_FILE = DATA_DIR / "engine-gaps.json"
# The function that does the work of each module.
ENGINE_OPERATIONS = "vanceweb.engine.processing.pipeline.OPERATIONS"
ENGINE_MODEL_THREADS = env.int("ENGINE_MODEL_THREADS", 0)  # 0: one per processor
# Large networks (from 24 MB of weights) kept in memory; each takes several times the size of its file.
ENGINE_LARGE_MODELS = env.int("ENGINE_LARGE_MODELS", 1)
# 200 megapixels are 600 MB of samples, which desktop programs can still open.
ENGINE_MAX_OUTPUT_PIXELS = env.int("ENGINE_MAX_OUTPUT_PIXELS", 200_000_000)
# /transform waits this long for the result before it responds `process` or `busy`; less than the usual 30 s of proxies.
ENGINE_PATIENCE = env.float("ENGINE_PATIENCE", 25.0)
# Results and uploads are deleted after a day; the site fetches them much sooner.
ENGINE_KEEP_SECONDS = env.int("ENGINE_KEEP_SECONDS", 24 * 3600)
# The slowest real job (34 megapixels on two old cores) takes less than an hour and a half.
ENGINE_MAX_RUN_SECONDS = env.int("ENGINE_MAX_RUN_SECONDS", 2 * 3600)
# The number of requests of one web process that may wait for results; the other threads serve short requests.
ENGINE_MAX_WAITING = max(1, WEB_THREADS // 2)
# Seconds between a running job's updates of its percentage and checks for cancellation.
ENGINE_PROGRESS_SECONDS = 0.5
# Rows on one page of /points/record; the API's default is 20.
ENGINE_HISTORY_MAX_LIMIT = 100
# A body beyond the upload limit is read up to this size and discarded, so that the sender can read the refusal. A
# larger one is refused unread.
ENGINE_UPLOAD_DRAIN_BYTES = WEB_MAX_BODY_BYTES
# Hosts that may receive webhooks although their addresses aren't public.
ENGINE_WEBHOOK_ALLOWED_HOSTS: list[str] = env.list("ENGINE_WEBHOOK_ALLOWED_HOSTS", [])
# Seconds between the attempts at a webhook: three in all, as in the API.
ENGINE_WEBHOOK_PAUSES = (2, 10)
# Origins (https://shop.example) whose pages may call the engine's API from the browser. The site's pages never do.
ENGINE_CORS_ORIGINS: list[str] = env.list("ENGINE_CORS_ORIGINS", [])

# Calls from other origins (django-cors-headers): of the engine's API only, without cookies, which it doesn't use.
CORS_ALLOWED_ORIGINS = ENGINE_CORS_ORIGINS
# Without an origin, responses don't vary by it and OPTIONS gets the API's own refusal.
CORS_URLS_REGEX = r"^/web_api/v1/" if ENGINE_CORS_ORIGINS else r"(?!)"
CORS_ALLOW_METHODS = ("GET", "POST")
CORS_ALLOW_HEADERS = ("accept", "content-type")
# The name of a downloaded result, and when to try again.
CORS_EXPOSE_HEADERS = ("Content-Disposition", "Retry-After")
