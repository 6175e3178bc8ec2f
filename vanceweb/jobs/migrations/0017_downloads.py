"""The time of the download, for which services charge. For jobs of before it is the time at which they ended."""

from typing import Any

from django.db import migrations, models
from django.db.models import F


def fill_downloads(apps: Any, schema_editor: Any) -> None:
    apps.get_model("jobs", "Job").objects.filter(state="done").update(downloaded_at=F("finished_at"))


class Migration(migrations.Migration):
    dependencies = [("jobs", "0016_causes_of_holds")]

    operations = [
        migrations.AddField(
            model_name="job", name="downloaded_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.RunPython(fill_downloads, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name="job", index=models.Index(fields=["connection", "downloaded_at"], name="jobs_downloaded")
        ),
    ]
