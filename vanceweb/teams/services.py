"""Writes on users and teams."""

from contextlib import suppress

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vanceweb.teams.access import Action, Actor, require
from vanceweb.teams.audit import COMMAND, SITE, Performer, record_event
from vanceweb.teams.models import TEAM_NAME_LENGTH, TEAM_SLUG_LENGTH, AuditAction, Membership, Role, Team, User

# More than enough: each attempt fails only if another request took the slug in the same moment.
SLUG_ATTEMPTS = 5


def create_user(*, username: str, password: str, is_administrator: bool = False) -> User:
    """Create a user who can sign in. Raise ValidationError with the fields `username` and `password`."""
    user = User(username=User.normalize_username(username.strip()), is_superuser=is_administrator, is_staff=False)
    problems: dict[str, list[str]] = {}
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        problems |= error.message_dict
    try:
        validate_password(password, user)
    except ValidationError as error:
        problems["password"] = error.messages
    if problems:
        raise ValidationError(problems)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise ValidationError({"username": [_("A user with that username already exists.")]}) from None
    return user


@transaction.atomic
def create_team(*, name: str, owner: User, by: Performer = SITE) -> Team:
    """Create a team with its first owner. Raise ValidationError with the field `team_name`."""
    name = _clean_team_name(name)
    team = _save_with_free_slug(name)
    Membership.objects.create(team=team, user=owner, role=Role.OWNER)
    record_event(AuditAction.TEAM_CREATED, by=by, team=team, target=team)
    return team


@transaction.atomic
def rename_team(*, actor: Actor, name: str) -> Team:
    """Give the actor's team another name; its addresses stay. Raise PermissionDenied, ValidationError (`team_name`)."""
    require(actor, Action.MANAGE_TEAM)
    team = Team.objects.select_for_update().get(pk=actor.team.pk)
    old, team.name = team.name, _clean_team_name(name)
    if team.name != old:
        team.save(update_fields=["name"])
        record_event(AuditAction.TEAM_RENAMED, by=actor.performer, target=team, name=team.name, old_name=old)
    return team


def add_member(*, actor: Actor, user: User, role: Role) -> Membership:
    """Add a user to the actor's team.

    Raise PermissionDenied for a role that the actor can't grant, and ValidationError for somebody who is in the team.
    """
    if not actor.can_grant(role):
        raise PermissionDenied
    try:
        with transaction.atomic():
            membership = Membership.objects.create(team=actor.team, user=user, role=role)
            record_event(AuditAction.MEMBER_ADDED, by=actor.performer, target=user, role=role)
    except IntegrityError:
        raise ValidationError({"username": [_("This person is already in the team.")]}) from None
    return membership


@transaction.atomic
def set_administrator(*, user: User, is_administrator: bool, by: Performer = COMMAND) -> None:
    """Make a user an administrator of the installation, or no longer one.

    Raise ValidationError for the only administrator who can sign in.
    """
    check_administrator_stays(user, is_administrator=is_administrator)
    changed = User.objects.filter(pk=user.pk).exclude(is_superuser=is_administrator)
    if changed.update(is_superuser=is_administrator):
        state = "administrator" if is_administrator else "no administrator"
        record_event(AuditAction.ADMINISTRATOR_CHANGED, by=by, target=user, state=state)


def check_administrator_stays(user: User, *, is_administrator: bool = False) -> None:
    """Raise ValidationError if nobody would administer the installation without this user.

    It locks the administrators: call it inside the transaction of the change.
    """
    if is_administrator or not User.objects.filter(pk=user.pk, is_superuser=True).exists():
        return
    able = list(User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk"))
    if not [other for other in able if other.pk != user.pk]:
        message = _("%(name)s is the only administrator. Make somebody else one first.")
        raise ValidationError(message % {"name": user.get_username()})


def _clean_team_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise ValidationError({"team_name": [_("Give the team a name.")]})
    if len(name) > TEAM_NAME_LENGTH:
        message = ngettext("At most %(limit)d character.", "At most %(limit)d characters.", TEAM_NAME_LENGTH)
        raise ValidationError({"team_name": [message % {"limit": TEAM_NAME_LENGTH}]})
    return name


def _save_with_free_slug(name: str) -> Team:
    """Save a team. If another request takes its slug meanwhile, use the next free one."""
    for _attempt in range(SLUG_ATTEMPTS):
        with suppress(IntegrityError), transaction.atomic():
            return Team.objects.create(name=name, slug=_find_free_slug(name))
    raise ValidationError({"team_name": [_("The team couldn't be created. Try again.")]})


def _find_free_slug(name: str) -> str:
    base = slugify(name)[: TEAM_SLUG_LENGTH - 5].strip("-") or "team"
    taken = set(Team.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    candidates = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(slug for slug in candidates if slug not in taken)
