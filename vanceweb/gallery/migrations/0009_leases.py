from django.db import migrations, models
from django.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("gallery", "0008_bytes_of_blobs_only")]

    operations = [
        migrations.RemoveIndex(model_name="blob", name="gallery_no_thumbnails"),
        migrations.RenameField(model_name="blob", old_name="thumbnail_attempts", new_name="attempts"),
        migrations.RenameField(model_name="blob", old_name="thumbnails_asked_at", new_name="woken_at"),
        migrations.AlterField(
            model_name="blob",
            name="woken_at",
            field=models.DateTimeField(blank=True, default=timezone.now, null=True),
        ),
        migrations.AddField(
            model_name="blob",
            name="not_before",
            field=models.DateTimeField(blank=True, db_index=True, default=timezone.now, null=True),
        ),
        migrations.AddField(
            model_name="blob", name="lease_until", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(model_name="blob", name="lease_token", field=models.UUIDField(blank=True, null=True)),
        migrations.AddField(
            model_name="blob", name="thumbnail_key", field=models.CharField(blank=True, default="", max_length=12),
            preserve_default=False,
        ),
    ]
