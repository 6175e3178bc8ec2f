from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("vault", "0003_rows_of_a_team_only")]

    operations = [
        migrations.AddField(
            model_name="connection", name="private_past_until", field=models.DateTimeField(blank=True, null=True)
        ),
    ]
