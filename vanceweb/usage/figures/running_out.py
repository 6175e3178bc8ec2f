"""The day on which a balance runs out, with its range, if people go on spending as in the last weeks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from math import sqrt
from statistics import fmean, stdev

from vanceweb.usage.figures.periods import DAY, Period

# Whole weeks, so that each weekday counts alike; eight, so that one quiet week doesn't decide.
LOOK_BACK_DAYS = 56
# Fewer days of spending tell nothing of the next months.
FEWEST_DAYS = 7
# A date later than this, five years, says no more than that the credits last.
FARTHEST_DAYS = 1826
# The quantile of the normal distribution that leaves a tenth above: a range that holds in four of five cases.
RANGE_QUANTILE = 1.2816
RANGE_PERCENT = 80


class Unknown(Enum):
    """The reason why there is no day."""

    NO_BALANCE = "no_balance"  # the service hasn't told one
    NO_SPENDING = "no_spending"  # nothing was spent in the last weeks
    TOO_SHORT = "too_short"  # less than a week of spending
    FAR = "far"  # more than five years


@dataclass(frozen=True)
class RunOut:
    """The day on which the credits are used up, without new ones, and the range that holds in four of five cases.

    `on` is None where it is unknown, with the reason. `latest` is None if the spending varies too much to tell, or if
    it is more than five years away. `per_day` is the mean of the last `days` days, without today.
    """

    on: date | None = None
    earliest: date | None = None
    latest: date | None = None
    reason: Unknown | None = None
    per_day: Decimal = Decimal(0)
    days: int = 0


def get_look_back(today: date) -> Period:
    """Return the days that the forecast is made from. Today isn't over yet."""
    return Period(today - LOOK_BACK_DAYS * DAY, today)


def predict_run_out(left: Decimal | None, daily: Mapping[date, Decimal], today: date, *, since: date) -> RunOut:
    """Return when `left` credits run out, from the spending on each day of the look-back that has any.

    `since` is the day from which on the spending is known; a charge before it makes it known from there.
    """
    if left is None:
        return RunOut(reason=Unknown.NO_BALANCE)
    first = max(get_look_back(today).start, min([since, *daily]))
    spent = [float(daily.get(first + number * DAY, 0)) for number in range((today - first).days)]
    per_day = Decimal(fmean(spent)).quantize(Decimal("0.001")) if spent else Decimal(0)
    if left <= 0:
        return RunOut(today, today, today, per_day=per_day, days=len(spent))
    if len(spent) < FEWEST_DAYS:
        return RunOut(reason=Unknown.TOO_SHORT, per_day=per_day, days=len(spent))
    if per_day <= 0:
        return RunOut(reason=Unknown.NO_SPENDING, days=len(spent))
    expected = float(left) / fmean(spent)
    soonest, latest = _find_range(float(left), fmean(spent), stdev(spent), len(spent))
    on = _add_days(today, expected)
    if on is None:
        return RunOut(None, _add_days(today, soonest), None, Unknown.FAR, per_day, len(spent))
    return RunOut(
        on, _add_days(today, soonest), None if latest is None else _add_days(today, latest), None, per_day, len(spent)
    )


def _find_range(left: float, mean: float, deviation: float, days: int) -> tuple[float, float | None]:
    """Return the soonest and the latest number of days until `left` is spent; None for one without an end.

    The sum of d days is taken as normal with the mean m·d and the variance s²·(d + d²/n): that of the days themselves,
    and that of a mean that was measured on n days. Both ends solve (m·d - left)² = q²·s²·(d + d²/n).
    """
    spread = (RANGE_QUANTILE * deviation) ** 2
    square, linear = mean**2 - spread / days, 2 * mean * left + spread
    root = sqrt(max(0.0, linear**2 - 4 * square * left**2))
    # This form of the smaller root holds for any sign of `square`.
    soonest = 2 * left**2 / (linear + root)
    return soonest, (linear + root) / (2 * square) if square > 0 else None


def _add_days(today: date, days: float) -> date | None:
    return today + timedelta(days=int(days)) if days <= FARTHEST_DAYS else None
