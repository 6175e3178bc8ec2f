"""The measurement of `usage_figures`, in a process with a data folder of its own."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import cast

from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from vanceweb.teams.access import Actor, get_actor
from vanceweb.teams.models import Membership, Role, Team, User
from vanceweb.usage.figures.periods import get_today

FEW, MANY = 100, int(os.environ.get("USAGE_ROWS", "1000000"))
RUNS = 15
# The first rows of an export, whose time by row is taken.
EXPORTED_ROWS = 5000


@dataclass(frozen=True)
class Times:
    """Milliseconds on the clock and of the processor."""

    wall: float
    processor: float


def main() -> None:
    """Fill two teams and print a line for each view."""
    few, many = prepare_team("few", FEW), prepare_team("many", MANY)
    print(f"usage on {database.vendor}, {FEW} and {MANY:,} charges: median of {RUNS} runs, ms")
    small, large = list(iterate_views(few)), list(iterate_views(many))
    for (name, view), (_name, other) in zip(small, large, strict=True):
        print_comparison(name, view, other)
    by_row = [measure_export(actor) for actor in (few, many)]
    print(f"{'export, by row':30} {by_row[0]:7.4f} → {by_row[1]:7.4f} ({by_row[1] / by_row[0]:4.1f} times)")


def prepare_team(slug: str, rows: int) -> Actor:
    """Return an owner of a new team with so many charges."""
    team = Team.objects.create(slug=slug, name=slug)
    call_command("seed_usage", rows=rows, team=slug)
    owner = User.objects.create_user(username=f"owner-{slug}")
    Membership.objects.create(team=team, user=owner, role=Role.OWNER)
    actor = get_actor(owner, team)
    if actor is None:
        raise RuntimeError("the owner isn't in the team")
    return actor


def iterate_views(actor: Actor) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield each view with its name: the whole pages, as a browser gets them."""
    today = get_today(actor.team)
    quarter = f"?from={today - timedelta(days=91)}&to={today}"
    client = Client(headers={"host": "localhost"})
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    page = f"/t/{actor.team.slug}/usage/"
    addresses = {
        "dashboard, 92 days": quarter,
        "dashboard, 92 days, one tool": f"{quarter}&feature=enlarge3",
        "dashboard, a year by month": "?period=12-months&bucket=month",
        "history, first page": "history/",
        "history, last page": "history/?last",
        "history, search": "history/?q=photo",
        "history, search in vain": "history/?q=nothing+like+it",
        "statement": "statement/",
    }
    for name, address in addresses.items():
        yield name, partial(get_page, client, page + address)


def get_page(client: Client, address: str) -> None:
    """Get the page. Raise RuntimeError for a status other than 200."""
    status = client.get(address).status_code
    if status != 200:
        raise RuntimeError(f"{address} answers {status}")


def print_comparison(name: str, small: Callable[[], object], large: Callable[[], object]) -> None:
    """Print the median times of a view at both sizes, taken in turns."""
    small()
    large()
    runs = [(measure(small), measure(large)) for _ in range(RUNS)]
    few, many = (
        Times(statistics.median(run[side].wall for run in runs), statistics.median(run[side].processor for run in runs))
        for side in (0, 1)
    )
    with CaptureQueriesContext(database) as queries:
        large()
    print(
        f"{name:30} {few.wall:7.1f} → {many.wall:7.1f} ({many.wall / few.wall:4.1f} times)   "
        f"processor {few.processor:7.1f} → {many.processor:7.1f} ({many.processor / few.processor:4.1f} times)   "
        f"{len(queries)} statements"
    )


def measure_export(actor: Actor) -> float:
    """Return the median processor time in milliseconds of one row of the CSV file, of its first rows."""
    client = Client(headers={"host": "localhost"})
    client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
    runs = []
    for _ in range(RUNS):
        before = time.process_time()
        response = client.post(f"/t/{actor.team.slug}/usage/history/csv/")
        written = 0
        # Each part has many rows.
        for part in cast(Iterator[bytes], response.streaming_content):  # type: ignore[attr-defined]
            written += part.count(b"\n")
            if written >= EXPORTED_ROWS:
                break
        runs.append(1000 * (time.process_time() - before) / written)
        response.close()
    return statistics.median(runs)


def measure(view: Callable[[], object]) -> Times:
    """Return the times of one run."""
    clock, processor = time.perf_counter(), time.process_time()
    view()
    return Times(1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - processor))
