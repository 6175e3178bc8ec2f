"""The sums of a team, computed anew from all its records."""

from datetime import date

from vanceweb.teams.models import Team
from vanceweb.usage.models import UsageDay, UsageDayPart, UsageHour, UsageMonth, UsageRecord
from vanceweb.usage.sums import recompute_days


def rebuild_sums(team: Team) -> int:
    """Compute all sums of the team anew and return the number of days that have any.

    Each month is a transaction of its own, so that the memory doesn't grow with the history, and who writes records at
    the same time doesn't wait long.
    """
    months: dict[date, set[date]] = {}
    records = UsageRecord.objects.counted().filter(team=team).order_by()
    days = set(records.values_list("day", flat=True).distinct())
    # Sums of days whose records are gone have to go, too.
    stale = {day for model in (UsageDay, UsageDayPart, UsageHour) for day in _list_days(model, team)} - days
    for day in days | stale:
        months.setdefault(day.replace(day=1), set()).add(day)
    for month in UsageMonth.objects.filter(team=team).values_list("month", flat=True).distinct():
        months.setdefault(month, {month})
    for month in sorted(months):
        recompute_days(team_id=team.pk, days=months[month])
    return len(days)


def _list_days(model: type[UsageDay | UsageDayPart | UsageHour], team: Team) -> set[date]:
    return set(model.objects.filter(team=team).order_by().values_list("day", flat=True).distinct())
