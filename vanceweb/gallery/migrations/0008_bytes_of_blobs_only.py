"""Remove from assets what 0007 has copied to their blobs: PostgreSQL alters no table that the same transaction changed."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

MOVED = (
    "file",
    "format",
    "width",
    "height",
    "filesize",
    "sha256",
    "thumbnails_at",
    "thumbnails_asked_at",
    "thumbnail_attempts",
    "problem",
)


class Migration(migrations.Migration):
    dependencies = [("gallery", "0007_blobs_of_assets")]

    operations = [
        migrations.RemoveIndex(model_name="asset", name="gallery_no_thumbnails"),
        *(migrations.RemoveField(model_name="asset", name=name) for name in MOVED),
        migrations.AlterField(
            model_name="asset",
            name="blob",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="assets", to="gallery.blob"
            ),
        ),
        migrations.AddIndex(
            model_name="asset", index=models.Index(fields=["root_uuid"], name="gallery_same_root")
        ),
        migrations.AddIndex(
            model_name="blob", index=models.Index(fields=["sha256"], name="gallery_same_bytes")
        ),
        migrations.AddIndex(
            model_name="blob",
            index=models.Index(
                condition=Q(problem="", thumbnails_at=None),
                fields=["thumbnails_asked_at"],
                name="gallery_no_thumbnails",
            ),
        ),
    ]
