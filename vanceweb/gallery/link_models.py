"""A share link: an address under which anybody sees some pictures of a team."""

import hashlib
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vanceweb.lib.encryption import DecryptionFailed, EncryptedTextField
from vanceweb.teams.models import TeamOwned

TITLE_LENGTH = 120


def hash_secret(secret: str) -> str:
    """Return the digest by which a link is found. A random secret needs neither salt nor a slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def open(self) -> "ShareLinkQuerySet":
        """Return the links that are neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)


class ShareLink(TeamOwned):
    """An address without account for pictures of the team, or also for private ones of `private_to`.

    The secret in the address is stored as a digest, to find the link, and encrypted, so that people can copy the
    address again.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    secret = EncryptedTextField(editable=False)
    # The heading that visitors see; may be empty.
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    # A hash; empty for a link without a password.
    password = models.CharField(max_length=128, blank=True)
    # Otherwise only previews are shown.
    shows_originals = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    # Empty: never.
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    views = models.PositiveIntegerField(default=0)
    downloads = models.PositiveIntegerField(default=0)
    viewed_at = models.DateTimeField(null=True, blank=True)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["team", "-created_at", "-id"], name="gallery_links_newest_first")]

    def __str__(self) -> str:
        return self.title or _("Untitled share link")

    @property
    def is_open(self) -> bool:
        """True while the address shows something."""
        return self.revoked_at is None and not self.has_expired

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def address(self) -> str:
        """The whole address; empty if the secret can't be decrypted with the present keys."""
        try:
            secret = self.secret.open() if self.secret is not None else ""
        except DecryptionFailed:
            return ""
        return f"{settings.PUBLIC_URL}{reverse('share', args=[secret])}"

    @property
    def contents(self) -> str:
        """The number of pictures, in words."""
        count = len(self.pictures.all())
        return ngettext("%(count)d picture", "%(count)d pictures", count) % {"count": count}

    def is_password(self, password: str) -> bool:
        """Return whether this is the password that opens the link."""
        return check_password(password, self.password)


class SharedPicture(models.Model):
    """A picture of a share link and, if a job made it, the picture before."""

    link = models.ForeignKey(ShareLink, on_delete=models.CASCADE, related_name="pictures")
    # Names the picture in the link's addresses, instead of an id that means something elsewhere.
    number = models.PositiveSmallIntegerField()
    picture: Any = models.ForeignKey("gallery.Asset", on_delete=models.CASCADE, related_name="+")
    before: Any = models.ForeignKey("gallery.Asset", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(name="gallery_shared_once", fields=["link", "number"])]

    def __str__(self) -> str:
        return f"{self.picture} in {self.link}"
