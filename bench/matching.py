"""Figures of the matching of charges with jobs on simulated histories: `python -m bench.matching`."""

import time

from tests.usage.history_simulator import BEYOND, SCENARIOS, measure

# Other histories than those of the tests, and more of them.
SEEDS = range(100, 110)


def print_figures() -> None:
    """Print, for each scenario, the rows, the parts that are right and doubtful, and the milliseconds for a row."""
    print("| Scenario | Rows | Matches right | All decisions right | Doubtful | ms a row |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, scenario in (SCENARIOS | BEYOND).items():
        before = time.perf_counter()
        measured = measure(scenario, SEEDS)
        took = 1000 * (time.perf_counter() - before) / measured.rows
        parts = (measured.right_share, measured.decided_right_share, measured.doubtful_share)
        print(f"| {name} | {measured.rows:,} | {' | '.join(f'{part:.2%}' for part in parts)} | {took:.2f} |")


if __name__ == "__main__":
    print_figures()
