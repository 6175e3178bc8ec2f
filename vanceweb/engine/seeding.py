"""Believable charges in the ledger of an account, for tests and measurements of long histories."""

import secrets
from datetime import timedelta
from decimal import Decimal
from random import Random

from django.db import models, transaction
from django.utils import timezone

from vanceweb.catalogue.features import ALL_FEATURES
from vanceweb.engine.ledger import grant_credits
from vanceweb.engine.models import Account, LedgerEntry

ROWS_AT_ONCE = 2000
# Working hours are busier than nights; on average a charge each minute.
LONGEST_PAUSE_SECONDS = 120


def seed_charges(*, account: Account, rows: int, seed: int = 0) -> None:
    """Grant the account the credits for `rows` charges, and append them, the last one now. `seed` picks the charges.

    Several of them may be equal in everything that the history says. Each thousand is a transaction of its own.
    """
    random = Random(seed)  # noqa: S311
    costs = [(feature.name, Decimal(feature.credits)) for feature in ALL_FEATURES]
    moment = timezone.now() - timedelta(seconds=rows * LONGEST_PAUSE_SECONDS // 2)
    for start in range(0, rows, ROWS_AT_ONCE):
        chosen = [random.choice(costs) for _ in range(min(ROWS_AT_ONCE, rows - start))]
        with transaction.atomic():
            grant_credits(account=account, credits=sum((cost for _, cost in chosen), Decimal(0)))
            locked = Account.objects.select_for_update().get(pk=account.pk)
            entries = []
            for job, cost in chosen:
                moment += timedelta(seconds=random.randint(0, LONGEST_PAUSE_SECONDS))
                locked.used += cost
                locked.charges += 1
                entries.append(
                    LedgerEntry(
                        account=locked,
                        kind=LedgerEntry.Kind.DOWNLOAD,
                        trans_id=secrets.token_hex(16),
                        job=job,
                        info=f"picture-{random.randint(1, 9999)}-{job}.png",
                        points=cost,
                        balance=locked.balance,
                        place=locked.charges,
                        created_at=min(moment, timezone.now()),
                    )
                )
            # The ledger's own query set appends single entries only, so that none is ever overwritten.
            append: models.QuerySet[LedgerEntry] = models.QuerySet(LedgerEntry)
            append.bulk_create(entries, batch_size=ROWS_AT_ONCE)
            locked.save(update_fields=["used", "charges"])
