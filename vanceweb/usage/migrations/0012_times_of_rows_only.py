from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("usage", "0011_times_and_matches_of_rows")]

    operations = [
        migrations.AlterField(model_name="usagerecord", name="service_time", field=models.DateTimeField()),
        migrations.AlterField(model_name="usagerecord", name="day", field=models.DateField()),
        migrations.AlterField(model_name="usagerecord", name="hour", field=models.PositiveSmallIntegerField()),
        migrations.RemoveConstraint(model_name="usagerecord", name="usage_row_once"),
        migrations.AddConstraint(
            model_name="usagerecord",
            constraint=models.UniqueConstraint(
                name="usage_row_once",
                fields=(
                    "connection",
                    "service_time",
                    "point_type",
                    "job",
                    "info",
                    "points",
                    "balance",
                    "occurrence",
                ),
            ),
        ),
    ]
