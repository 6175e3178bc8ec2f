"""Databases as version 0.1 left them; README.md says what they contain."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.management.color import no_style
from django.db import connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model
from django.db.utils import load_backend

DUMP = Path(__file__).with_suffix(".sql")
VAULT_KEY = "0kuQYPYUm_UXC1Y10qm_tWJ28vP4orn0Ncz7zvoSegQ="
HOSTED_TOKEN = "hosted-token-0123456789"
PASSWORD = "correct horse battery"

# Columns by name, of rows by primary key, of models by label.
Rows = dict[str, dict[Any, dict[str, Any]]]


def create_sqlite_database(file: Path) -> str:
    """Fill a new SQLite file and return its URL."""
    with closing(sqlite3.connect(file)) as database:
        database.executescript(DUMP.read_text())
    return f"sqlite:///{file}"


def copy_to_postgresql(source: str, target: str) -> None:
    """Create the tables of version 0.1 in an empty database with that version's migrations, and copy all rows."""
    with use_database(source):
        migrations = _list_known_migrations(MigrationExecutor(connection).loader)
        rows = read_old_rows()
    with use_database(target):
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        of_then = [step for step in plan if (step[0].app_label, step[0].name) in migrations]
        executor.migrate(None, plan=of_then)
        models = _build_old_models()
        # The foreign keys are checked at the end of the transaction, so the order doesn't matter.
        with transaction.atomic():
            for model in models:
                model._base_manager.bulk_create(model(**row) for row in rows[model._meta.label_lower].values())
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), models):
                cursor.execute(statement)


def read_old_rows() -> Rows:
    """Return all rows of the current database, read with the models of the version that migrated it last."""
    return {
        model._meta.label_lower: {row[model._meta.pk.attname]: row for row in model._base_manager.values()}
        for model in _build_old_models()
    }


def _build_old_models() -> list[type[Model]]:
    loader = MigrationExecutor(connection).loader
    models = loader.project_state(_list_known_migrations(loader)).apps.get_models(include_auto_created=True)
    return [model for model in models if model._meta.app_label in loader.migrated_apps]


def _list_known_migrations(loader: MigrationLoader) -> list[tuple[str, str]]:
    """Return the applied migrations, except those of packages that the site no longer has."""
    return sorted(set(loader.applied_migrations) & set(loader.disk_migrations))


@contextmanager
def use_database(url: str) -> Iterator[None]:
    """Let this thread use another database as its default one."""
    previous = connections["default"]
    settings = connections.configure_settings({"default": dj_database_url.parse(url)})["default"]
    connections["default"] = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "default")
    try:
        yield
    finally:
        connection.close()
        connections["default"] = previous
