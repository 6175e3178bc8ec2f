"""Write the steps of existing jobs, and the feature of their results."""

from django.db import migrations
from django.db.models import OuterRef, Subquery

BATCH = 500


def build_steps(feature, params, control_images):
    """Return the JSON form, version 1, of a job of one step. The slugs of all features so far equal their modules.

    Guides were uids of the service, which expire after a day and name no picture of the gallery; only other clients
    could have set them. They become the picture that is processed.
    """
    guides = [{"picture": None, "kind": cn_name} for _image_uid, cn_name in control_images]
    return {"v": 1, "steps": [{"module": feature, "params": params, "guides": guides}]}


def write_steps(apps, schema_editor):
    jobs = apps.get_model("jobs", "Job").objects
    ids = list(jobs.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        batch = list(jobs.filter(pk__in=ids[start : start + BATCH]))
        for job in batch:
            job.steps = build_steps(job.feature, job.params, job.control_images)
        jobs.bulk_update(batch, ["steps"])


def copy_features(apps, schema_editor):
    jobs = apps.get_model("jobs", "Job").objects.exclude(result=None)
    made = apps.get_model("gallery", "Asset").objects.filter(pk__in=jobs.values("result"))
    made.update(feature=Subquery(jobs.filter(result=OuterRef("pk")).values("feature")[:1]))


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0006_steps"),
        ("gallery", "0005_feature"),
    ]

    operations = [
        migrations.RunPython(write_steps, migrations.RunPython.noop),
        migrations.RunPython(copy_features, migrations.RunPython.noop),
    ]
