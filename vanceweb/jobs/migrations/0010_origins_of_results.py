"""Fill in the origin of existing jobs and results, as far as the sources still exist."""

from django.db import migrations


def fill_in_origins(apps, schema_editor):
    """A source is always older than the results made from it, so its own root is filled in before theirs."""
    jobs = apps.get_model("jobs", "Job").objects
    assets = apps.get_model("gallery", "Asset").objects
    for pk, backend, result in jobs.exclude(result=None).values_list("pk", "backend", "result").iterator():
        assets.filter(pk=result).update(backend=backend)
    for pk, source, result in jobs.exclude(source=None).order_by("pk").values_list("pk", "source", "result"):
        uuid, root = assets.values_list("uuid", "root_uuid").get(pk=source)
        jobs.filter(pk=pk).update(source_uuid=uuid, root_uuid=root or uuid)
        assets.filter(pk=result).update(parent_uuid=uuid, root_uuid=root or uuid)


class Migration(migrations.Migration):
    dependencies = [("jobs", "0009_origins"), ("gallery", "0007_blobs_of_assets")]

    operations = [migrations.RunPython(fill_in_origins, migrations.RunPython.noop)]
