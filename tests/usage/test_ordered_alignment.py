"""The probabilities of the alignment equal those of all assignments, listed one by one."""

from itertools import product
from random import Random

import pytest

from vanceweb.usage.ordered_alignment import Band, PairWeight, SwapWeight, align


def weigh(chosen: tuple[int | None, ...], weigh_pair: PairWeight, weigh_swap: SwapWeight) -> float:
    """Return the weight of an assignment; 0 if it doesn't keep the order, but for neighbours."""
    weight, last, row = 1.0, -1, 0
    while row < len(chosen):
        event, following = chosen[row], chosen[row + 1] if row + 1 < len(chosen) else None
        row += 1
        if event is None:
            continue
        if following is not None and following == event - 1:
            weight *= weigh_pair(row, following) * weigh_swap(following)
            row += 1
        if min(event, event if following != event - 1 else following) <= last:
            return 0.0
        weight *= weigh_pair(row - (2 if following == event - 1 else 1), event)
        last = event
    return weight


def list_chances(bands: list[Band], weigh_pair: PairWeight, weigh_swap: SwapWeight) -> list[dict[int, float]]:
    sums: list[dict[int, float]] = [{} for _ in bands]
    total = 0.0
    for chosen in product(*([None, *range(*band)] for band in bands)):
        weight = weigh(chosen, weigh_pair, weigh_swap)
        total += weight
        for row, event in enumerate(chosen):
            if event is not None:
                sums[row][event] = sums[row].get(event, 0.0) + weight
    return [{event: value / total for event, value in row.items()} for row in sums]


@pytest.mark.parametrize("seed", range(60))
def test_chances_are_those_of_all_assignments(seed: int) -> None:
    random = Random(seed)
    bands: list[Band] = []
    low = high = 0
    for _ in range(random.randint(1, 5)):
        low += random.choice([0, 0, 1, 2])
        high = max(high, low + random.randint(0, 3))
        bands.append((low, high))
    weights = [[random.choice([0, 0.1, 1, 5, 1000]) * random.random() for _ in range(30)] for _ in bands]
    swaps = [random.random() for _ in range(30)]
    found = align(bands, lambda row, event: weights[row][event], swaps.__getitem__)
    listed = list_chances(bands, lambda row, event: weights[row][event], swaps.__getitem__)
    for row, chances in zip(found, listed, strict=True):
        for event in row.keys() | chances.keys():
            assert row.get(event, 0.0) == pytest.approx(chances.get(event, 0.0), abs=1e-9)


def test_a_long_run_stays_within_the_range_of_numbers() -> None:
    bands = [(max(0, row - 5), row + 6) for row in range(2000)]
    chances = align(bands, lambda row, event: 1e8 if row == event else 1.0, lambda event: 0.01)
    assert all(row[place] > 0.999 for place, row in enumerate(chances))
