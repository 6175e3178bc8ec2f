"""Remove what the steps replace."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("jobs", "0007_steps_of_existing_jobs")]

    operations = [
        migrations.RemoveField(model_name="job", name="params"),
        migrations.RemoveField(model_name="job", name="control_images"),
    ]
