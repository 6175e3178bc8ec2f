"""The credits of jobs: reserved by those that haven't ended, and settled by those that are done."""

from typing import Any

from django.db import migrations, models
from django.db.models import Q

ROWS_AT_ONCE = 500


def add_reservations(apps: Any, schema_editor: Any) -> None:
    reservations = apps.get_model("budgets", "Reservation").objects
    maker = apps.get_model("budgets", "Reservation")
    charged = Q(state__in=("failed", "cancelled"), resume_state="downloading") & ~Q(error_code=30004)
    jobs = apps.get_model("jobs", "Job").objects.filter(Q(finished_at=None) | Q(state="done") | charged)
    rows = jobs.order_by("pk").values_list(
        "uuid", "team_id", "connection_id", "connection__private_to", "created_by_id", "credits", "state", "finished_at"
    )
    made = []
    for uuid, team, connection, private_to, person, credits, state, ended in rows.iterator(ROWS_AT_ONCE):
        is_done = state == "done"
        made.append(
            maker(
                job_uuid=uuid,
                team_id=team,
                connection_id=connection,
                person_id=person,
                # Nobody knows any more whether a connection that is gone was shared.
                is_shared=connection is not None and private_to is None,
                credits=credits,
                state="settled" if is_done else "reserved",
                settled=credits if is_done else 0,
                settled_at=ended if is_done else None,
            )
        )
        if len(made) == ROWS_AT_ONCE:
            reservations.bulk_create(made)
            made = []
    reservations.bulk_create(made)


class Migration(migrations.Migration):
    dependencies = [("jobs", "0018_newest_ended"), ("budgets", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="job", name="waits_for_credits", field=models.BooleanField(default=False)
        ),
        migrations.AlterField(
            model_name="job",
            name="held_for",
            field=models.CharField(
                blank=True,
                choices=[("token", "Token"), ("budget", "Budget"), ("credits", "Credits")],
                max_length=16,
            ),
        ),
        migrations.RunPython(add_reservations, migrations.RunPython.noop, elidable=True),
    ]
