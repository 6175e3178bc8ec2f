"""Texts of services, which earlier versions stored in any length, are cut as new ones are."""

from django.db import migrations
from django.db.models.functions import Length, Substr

# The columns for texts of services, and the bounds of the client.
TEXTS = {
    ("jobs", "Job"): {"backend": 2000, "engine_version": 300, "note": 500, "error": 1000},
    ("gallery", "Asset"): {"backend": 2000, "engine_version": 300},
    ("vault", "Connection"): {"last_error": 1000},
    ("usage", "HistorySync"): {"last_error": 1000},
}


def cut_texts(apps, schema_editor):
    for model, columns in TEXTS.items():
        rows = apps.get_model(*model).objects
        for column, longest in columns.items():
            too_long = rows.annotate(length=Length(column)).filter(length__gt=longest)
            too_long.update(**{column: Substr(column, 1, longest)})


class Migration(migrations.Migration):
    dependencies = [
        ("usage", "0007_wider_amounts"),
        ("vault", "0007_wider_amounts"),
        ("jobs", "0013_ended_jobs_are_never_due"),
        ("gallery", "0010_due_thumbnails"),
    ]

    operations = [migrations.RunPython(cut_texts, migrations.RunPython.noop)]
