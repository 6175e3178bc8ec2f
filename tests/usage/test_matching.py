"""Which charges are matched to which jobs: examples by hand, and floors on simulated histories."""

from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest

from tests.usage.history_simulator import BEYOND, SCENARIOS, measure, simulate
from vanceweb.usage.match_chances import Charge
from vanceweb.usage.matching import Decision, Download, match_charges

DENOISE, ENLARGE = frozenset({"denoise"}), frozenset({"enlarge3"})
NOON = 1_760_000_000.0


def make_download(number: int, second: float, labels: frozenset[str] = DENOISE, *, steps: int = 1) -> Download:
    return Download(UUID(int=number), NOON + second, labels, Decimal(1), steps)


def make_charge(
    key: int, second: float, labels: frozenset[str] = DENOISE, *, price: str = "1", named: int | None = None
) -> Charge:
    return Charge(key, NOON + second, labels, Decimal(price), None if named is None else UUID(int=named))


def match(charges: list[Charge], downloads: list[Download]) -> dict[int, Decision]:
    return match_charges(charges, downloads)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_matches_are_right_and_few_are_doubtful(name: str) -> None:
    measured = measure(SCENARIOS[name], range(3))
    assert measured.rows > 100
    assert measured.right_share >= 0.99
    assert measured.doubtful_share <= 0.05
    # Those that are said not to be from here count, too. Around the moment at which clocks jump, some are wrong.
    assert measured.decided_right_share >= (0.98 if SCENARIOS[name].jump else 0.99)


@pytest.mark.slow
@pytest.mark.parametrize("name", BEYOND)
def test_beyond_the_limits_of_the_method_most_are_still_right(name: str) -> None:
    measured = measure(BEYOND[name], range(2))
    assert measured.right_share >= 0.96
    assert measured.doubtful_share <= 0.08


def test_a_job_that_is_named_is_matched_whatever_the_time() -> None:
    downloads = [make_download(1, 0), make_download(2, 5000)]
    decisions = match([make_charge(1, 5000, named=1), make_charge(2, 5001, ENLARGE, named=2)], downloads)
    assert decisions == {1: Decision(UUID(int=1)), 2: Decision(UUID(int=2))}


def test_a_row_that_names_another_job_isnt_from_here() -> None:
    decisions = match(
        [make_charge(1, 0, named=1), make_charge(2, 5, named=9)], [make_download(1, 0), make_download(2, 5)]
    )
    assert decisions[2] == Decision()


def test_ids_that_are_never_a_job_of_this_site_say_nothing() -> None:
    decisions = match([make_charge(1, 0, named=9)], [make_download(1, 0)])
    assert decisions == {1: Decision(UUID(int=1))}


def test_a_single_row_right_after_a_download_is_its() -> None:
    assert match([make_charge(1, 1)], [make_download(1, 0.4)]) == {1: Decision(UUID(int=1))}


def test_another_feature_or_another_time_isnt_from_here() -> None:
    downloads = [make_download(1, 0)]
    assert match([make_charge(1, 1, ENLARGE)], downloads) == {1: Decision()}
    assert match([make_charge(1, 7200)], downloads) == {1: Decision()}
    assert match([make_charge(1, 1)], []) == {1: Decision()}


def test_a_row_without_a_known_feature_isnt_from_here() -> None:
    assert match([make_charge(1, 1, frozenset())], [make_download(1, 0)]) == {1: Decision()}


def test_two_equal_rows_for_one_download_are_doubtful() -> None:
    decisions = match([make_charge(1, 1), make_charge(2, 1)], [make_download(1, 0.5)])
    assert [decision.is_doubtful for decision in decisions.values()] == [True, True]


def test_equal_jobs_are_matched_in_their_order() -> None:
    downloads = [make_download(number, 2.0 * number) for number in range(1, 9)]
    charges = [make_charge(number, 2.0 * number) for number in range(1, 9)]
    assert match(charges, downloads) == {number: Decision(UUID(int=number)) for number in range(1, 9)}


def test_a_zone_that_is_wrong_by_hours_is_found_out() -> None:
    seconds = [0, 400, 1000, 1100, 2500, 4000, 4700]
    downloads = [make_download(number, second) for number, second in enumerate(seconds, 1)]
    charges = [make_charge(number, second + 8 * 3600) for number, second in enumerate(seconds, 1)]
    assert match(charges, downloads) == {number: Decision(UUID(int=number)) for number in range(1, 8)}


def test_pairs_that_are_known_tell_the_shift() -> None:
    known = [(NOON + 3600 * hour + 7200, NOON + 3600 * hour) for hour in range(5)]
    decision = match_charges([make_charge(1, 30_000 + 7200)], [make_download(1, 30_000)], known=known)
    assert decision == {1: Decision(UUID(int=1))}


def test_a_download_that_is_not_listed_yet_doesnt_make_others_doubtful() -> None:
    downloads = [make_download(1, 0), make_download(2, 8), make_download(3, 16)]
    assert match([make_charge(1, 0), make_charge(2, 8)], downloads) == {
        1: Decision(UUID(int=1)),
        2: Decision(UUID(int=2)),
    }


def test_an_older_account_is_charged_for_each_step_and_the_download() -> None:
    labels = frozenset({"denoise", "enlarge3", "workflow"})
    downloads = [make_download(1, 10, labels, steps=2), make_download(2, 300)]
    step = Decimal("0.2")
    charges = [
        Charge(1, NOON + 8, DENOISE, step, is_step=True),
        Charge(2, NOON + 8, ENLARGE, step, is_step=True),
        make_charge(3, 11),
        Charge(4, NOON + 298, DENOISE, step, is_step=True),
        make_charge(5, 301),
    ]
    decisions = match(charges, downloads)
    assert [decisions[key].job for key in range(1, 6)] == [UUID(int=number) for number in (1, 1, 1, 2, 2)]
    assert not any(decision.is_doubtful for decision in decisions.values())


def test_no_job_has_two_sure_charges_for_its_download() -> None:
    for scenario in SCENARIOS.values():
        simulation = simulate(scenario, 7)
        if scenario.step_charges or scenario.jobs_per_day > 100:
            continue
        decisions = match_charges(simulation.charges, simulation.downloads)
        sure = sorted(found.job for found in decisions.values() if found.job and not found.is_doubtful)
        assert all(first != second for first, second in pairwise(sure))
        assert len(decisions) == len(simulation.charges)
