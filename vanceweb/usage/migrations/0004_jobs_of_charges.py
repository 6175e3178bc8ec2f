from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("usage", "0003_rows_of_a_team_only")]

    operations = [
        migrations.AddField(
            model_name="usagerecord", name="job_uuid", field=models.UUIDField(blank=True, null=True)
        ),
    ]
