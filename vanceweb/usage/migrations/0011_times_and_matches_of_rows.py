"""Fill in what the rows of before didn't have. The days of every team began and ended in UTC."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import migrations
from django.db.models import F
from django.db.models.functions import ExtractHour, TruncDate

from vanceweb.usage.charged_features import find_feature


def fill_rows(apps: Any, schema_editor: Any) -> None:
    records = apps.get_model("usage", "UsageRecord").objects
    jobs = apps.get_model("jobs", "Job").objects
    records.update(
        service_time=F("created_at"),
        day=TruncDate("created_at", tzinfo=UTC),
        hour=ExtractHour("created_at", tzinfo=UTC),
    )
    for connection in apps.get_model("vault", "Connection").objects.exclude(time_zone="UTC").only("time_zone"):
        # These zones have the same offset at all times.
        shift = ZoneInfo(connection.time_zone).utcoffset(datetime(2025, 1, 1))
        records.filter(connection=connection).update(service_time=F("created_at") + shift)
    for name in records.values_list("job", flat=True).order_by().distinct():
        records.filter(job=name).update(feature=find_feature(name))
    named = records.exclude(job_uuid=None)
    named.update(match="matched")
    workflows = jobs.filter(steps__steps__1__isnull=False)
    named.filter(job_uuid__in=workflows.values("uuid")).update(feature="workflow")
    # What the history names, if the job is still there, is the job's download.
    for feature in jobs.values_list("feature", flat=True).order_by().distinct():
        of_feature = jobs.filter(feature=feature, steps__steps__1__isnull=True)
        named.filter(job_uuid__in=of_feature.values("uuid")).update(feature=feature)


class Migration(migrations.Migration):
    dependencies = [("jobs", "0017_downloads"), ("usage", "0010_times_matches_and_sums"), ("vault", "0011_time_zones")]

    operations = [migrations.RunPython(fill_rows, migrations.RunPython.noop, elidable=True)]
