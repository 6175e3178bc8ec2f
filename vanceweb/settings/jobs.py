"""Jobs."""

from vanceweb.settings.environment import env
from vanceweb.settings.processes import ENGINE_WORKERS

# Seconds between a job's progress requests to the bundled engine, in process.
JOB_POLL_SECONDS = env.float("JOB_POLL_SECONDS", 1.0)
# Jobs that one connection hands over to its service at a time; the others wait on this site, which takes turns between
# people. For the bundled engine one per worker, and one more so that a worker never waits for the next.
BUNDLED_JOBS_AT_ONCE = env.int("BUNDLED_JOBS_AT_ONCE", ENGINE_WORKERS + 1)
# Enough to keep a service busy that works on several jobs, and few enough for its limits.
HOSTED_JOBS_AT_ONCE = env.int("HOSTED_JOBS_AT_ONCE", 8)
# On if services on the network can reach PUBLIC_URL: they are then asked to tell when a job ends (jobs/hooks.py).
PUBLIC_URL_REACHABLE = env.bool("PUBLIC_URL_REACHABLE", False)
# From the start of the work, when a worker takes the job, to the end, including the wait for a free engine. A job that
# waits for a worker or is held is never overdue. Less than the day for which services keep results.
JOB_MAX_RUN_SECONDS = env.int("JOB_MAX_RUN_SECONDS", 6 * 3600)
# Temporary failures in a row before a job fails. Its pauses (jobs/claims.py) together last about seven minutes, as long
# as the restart of a router or the deployment of a service.
JOB_MAX_SETBACKS = 9
