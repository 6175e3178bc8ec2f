"""Index the names of pictures for the search on PostgreSQL, if it allows that. `manage.py doctor` tells if not."""

from contextlib import suppress

from django.db import DatabaseError, migrations

from vanceweb.gallery.name_index import NAME, create_name_index


def add_index(apps, schema_editor):
    # The inner transaction is what a refusal rolls back.
    with suppress(DatabaseError):
        create_name_index(schema_editor.connection)


def remove_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {NAME}")


class Migration(migrations.Migration):
    dependencies = [("gallery", "0012_share_links")]
    operations = [migrations.RunPython(add_index, remove_index)]
