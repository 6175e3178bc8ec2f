"""The forecast of the day on which credits run out."""

from datetime import date
from decimal import Decimal
from random import Random

from vanceweb.usage.figures.periods import DAY
from vanceweb.usage.figures.running_out import LOOK_BACK_DAYS, Unknown, get_look_back, predict_run_out

TODAY = date(2026, 6, 1)
LONG_AGO = date(2020, 1, 1)


def spend(amounts: list[float]) -> dict[date, Decimal]:
    """Return the spending of the last days, yesterday's last."""
    return {TODAY - (len(amounts) - place) * DAY: Decimal(str(amount)) for place, amount in enumerate(amounts)}


def test_even_spending_ends_on_one_day() -> None:
    run_out = predict_run_out(Decimal(100), spend([2.5] * 56), TODAY, since=LONG_AGO)
    assert (run_out.earliest, run_out.on, run_out.latest) == (TODAY + 40 * DAY,) * 3
    assert run_out.per_day == Decimal("2.5")
    assert run_out.days == 56


def test_days_without_spending_count() -> None:
    run_out = predict_run_out(Decimal(100), spend([0, 5] * 28), TODAY, since=LONG_AGO)
    assert run_out.on == TODAY + 40 * DAY
    assert run_out.earliest is not None
    assert run_out.latest is not None
    assert run_out.earliest < run_out.on < run_out.latest


def test_only_the_days_of_which_something_is_known_count() -> None:
    assert predict_run_out(Decimal(100), spend([5] * 10), TODAY, since=TODAY).days == 10
    assert predict_run_out(Decimal(100), spend([5] * 10), TODAY, since=TODAY - 20 * DAY).days == 20


def test_unknown_is_said() -> None:
    cases = [
        (None, [1.0] * 56, Unknown.NO_BALANCE),
        (Decimal(10), [], Unknown.NO_SPENDING),
        (Decimal(10), [0.0] * 56, Unknown.NO_SPENDING),
        (Decimal(10**9), [1.0] * 56, Unknown.FAR),
    ]
    for left, amounts, reason in cases:
        run_out = predict_run_out(left, spend(amounts), TODAY, since=LONG_AGO)
        assert (run_out.on, run_out.reason) == (None, reason)
    assert predict_run_out(Decimal(10), spend([1.0] * 3), TODAY, since=TODAY).reason == Unknown.TOO_SHORT


def test_spending_that_varies_too_much_has_no_latest_day() -> None:
    run_out = predict_run_out(Decimal(1000), spend([0.0] * 55 + [100.0]), TODAY, since=LONG_AGO)
    assert run_out.on is not None
    assert run_out.earliest is not None
    assert run_out.latest is None
    assert run_out.earliest < run_out.on


def test_nothing_left_is_today() -> None:
    assert predict_run_out(Decimal(0), spend([1.0] * 56), TODAY, since=LONG_AGO).on == TODAY


def test_the_range_holds_in_about_four_of_five_cases() -> None:
    random, within, cases = Random(7), 0, 400
    for _ in range(cases):
        amounts = [float(random.randrange(20)) for _ in range(LOOK_BACK_DAYS)]
        run_out = predict_run_out(Decimal(300), spend(amounts), TODAY, since=LONG_AGO)
        left, day = 300.0, 0
        while left > 0:
            left, day = left - random.randrange(20), day + 1
        assert run_out.earliest is not None
        assert run_out.latest is not None
        # The day itself counts: the credits run out in its course.
        within += run_out.earliest <= TODAY + (day - 1) * DAY <= run_out.latest
    assert 0.72 <= within / cases <= 0.9


def test_the_look_back_ends_yesterday() -> None:
    assert get_look_back(TODAY).last_day == TODAY - DAY
