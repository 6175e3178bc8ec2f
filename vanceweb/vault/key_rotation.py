"""Re-encrypting what is stored encrypted with the newest key in VAULT_KEYS.

It works while the site runs and can be killed at any time: each value is written by itself, and only if nobody has
changed it since it was read. A value that the newest key opens is left alone, so another run continues.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db.models import Model, TextField
from django.db.models.functions import Cast

from vanceweb.lib.encryption import DecryptionFailed, EncryptedTextField, SealedText, is_newest, rotate

# The keys of the encrypted texts in the JSON of second factors (allauth.mfa): of authenticator apps and recovery codes.
FACTOR_KEYS = ("secret", "seed")
# Rows read at once. Their ciphers are small; nothing is locked in between.
BATCH = 200


@dataclass
class Rotation:
    """The numbers of stored values by what a run did with them."""

    rotated: int = 0
    # Those that the newest key opens already.
    current: int = 0
    # Those that somebody changed meanwhile, perhaps with an older key.
    changed: int = 0
    # Those that no key opens.
    unreadable: int = 0

    @property
    def needs_old_keys(self) -> bool:
        """True unless the newest key is known to open everything."""
        return self.changed > 0 or self.unreadable > 0


def find_encrypted_fields() -> list[tuple[type[Model], str]]:
    """Return the model and the name of each encrypted column on the site."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, EncryptedTextField)
    ]


def rotate_keys(report: Callable[[Rotation], object] = lambda _: None) -> Rotation:
    """Re-encrypt all stored values that need it, and return the numbers. `report` is called after each batch.

    Raise KeysUnusable.
    """
    done = Rotation()
    for model, name in find_encrypted_fields():
        for rows in _iterate_ciphers(model, name):
            for pk, cipher in rows:
                rotate_value(model, name, pk, cipher, done)
            report(done)
    for factor in Authenticator.objects.order_by("pk").iterator(chunk_size=BATCH):
        rotate_factor(factor, done)
    report(done)
    return done


def _iterate_ciphers(model: type[Model], name: str) -> Iterator[list[tuple[int, str]]]:
    """Yield the keys and stored texts of a column in batches, by key."""
    values = model._default_manager.order_by("pk").exclude(**{f"{name}__isnull": True})
    rows = values.annotate(cipher=Cast(name, TextField())).values_list("pk", "cipher")
    after = 0
    while batch := list(rows.filter(pk__gt=after)[:BATCH]):
        yield batch
        after = batch[-1][0]


def rotate_value(model: type[Model], name: str, pk: int, cipher: str, done: Rotation) -> None:
    """Re-encrypt one value unless somebody has changed it since `cipher` was read, and count it."""
    if is_newest(cipher):
        done.current += 1
        return
    try:
        sealed = SealedText(rotate(cipher))
    except DecryptionFailed:
        done.unreadable += 1
        return
    same = model._default_manager.annotate(cipher=Cast(name, TextField())).filter(pk=pk, cipher=cipher)
    if same.update(**{name: sealed}):
        done.rotated += 1
    else:
        done.changed += 1


def rotate_factor(factor: Authenticator, done: Rotation) -> None:
    """Re-encrypt the secrets of a second factor unless somebody has changed it since it was read, and count them."""
    fresh = dict(factor.data)
    for key in FACTOR_KEYS:
        cipher = fresh.get(key)
        if not cipher:
            continue
        if is_newest(cipher):
            done.current += 1
            continue
        try:
            fresh[key] = rotate(cipher)
        except DecryptionFailed:
            done.unreadable += 1
    count = sum(fresh.get(key) != factor.data.get(key) for key in FACTOR_KEYS)
    if count == 0:
        return
    if Authenticator.objects.filter(pk=factor.pk, data=factor.data).update(data=fresh):
        done.rotated += count
    else:
        done.changed += count
