"""Number the charges of each account, the oldest first."""

from django.db import migrations

# Both databases know this form. The ledger's model refuses updates.
NUMBER_CHARGES = """
UPDATE engine_ledgerentry SET place = numbered.place
FROM (
    SELECT id, ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY id) AS place
    FROM engine_ledgerentry WHERE kind = 'download'
) AS numbered
WHERE numbered.id = engine_ledgerentry.id
"""
COUNT_CHARGES = """
UPDATE engine_account SET charges = (
    SELECT COUNT(*) FROM engine_ledgerentry
    WHERE engine_ledgerentry.account_id = engine_account.id AND engine_ledgerentry.kind = 'download'
)
"""


class Migration(migrations.Migration):
    dependencies = [("engine", "0006_places_of_charges")]

    operations = [
        migrations.RunSQL(NUMBER_CHARGES, migrations.RunSQL.noop, elidable=True),
        migrations.RunSQL(COUNT_CHARGES, migrations.RunSQL.noop, elidable=True),
    ]
