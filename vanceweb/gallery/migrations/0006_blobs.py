"""Add the table of blobs and the origin of results. 0007 fills them, 0008 removes the columns that they replace."""

import uuid

import django.db.models.deletion
import django.utils.timezone
import vanceweb.gallery.models
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gallery", "0005_feature")]

    operations = [
        migrations.CreateModel(
            name="Blob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("sha256", models.CharField(max_length=64)),
                ("file", models.FileField(max_length=200, upload_to=vanceweb.gallery.models.build_blob_path)),
                ("format", models.CharField(choices=[("jpg", "JPG"), ("png", "PNG")], max_length=4)),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("filesize", models.PositiveBigIntegerField()),
                ("references", models.PositiveIntegerField(default=0)),
                ("thumbnails_at", models.DateTimeField(blank=True, null=True)),
                ("thumbnails_asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("thumbnail_attempts", models.PositiveSmallIntegerField(default=0)),
                ("problem", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.AddField(
            model_name="asset",
            name="blob",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="assets", to="gallery.blob"
            ),
        ),
        migrations.AddField(
            model_name="asset",
            name="parent_uuid",
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="asset",
            name="root_uuid",
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(model_name="asset", name="backend", field=models.TextField(blank=True)),
        migrations.AddField(model_name="asset", name="engine_version", field=models.TextField(blank=True)),
    ]
