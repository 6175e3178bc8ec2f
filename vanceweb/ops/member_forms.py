"""The forms about who is in a team: invitations, roles, departures, and a team's name."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vanceweb.ops.forms import PersonForm
from vanceweb.ops.private_work import Fate, PrivateWork
from vanceweb.teams.access import Actor, list_successors
from vanceweb.teams.models import TEAM_NAME_LENGTH, Invitation, Membership, Role, User

# A day for somebody at the next desk, a month for somebody on holiday.
INVITATION_DAYS = ((1, _("1 day")), (7, _("7 days")), (30, _("30 days")))


def list_grantable(actor: Actor) -> list[tuple[str, Any]]:
    """Return the roles that the actor may give, as choices."""
    return [(role.value, role.label) for role in Role if actor.can_grant(role)]


class InvitationForm(forms.Form):
    """An invitation: the role, how long it can be used, and an address if the site sends mail."""

    # The page has another form with a role.
    prefix = "invite"
    role = forms.ChoiceField(label=_("Role"), initial=Role.MEMBER)
    days = forms.TypedChoiceField(label=_("Can be used for"), choices=INVITATION_DAYS, coerce=int, initial=7)
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        help_text=_("The invitation is sent there. Leave it empty to get a link."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = list_grantable(actor)  # type: ignore[attr-defined]
        if not settings.HAS_MAIL:
            del self.fields["email"]


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = list_grantable(actor)  # type: ignore[attr-defined]


class SuccessorField(forms.ModelChoiceField[User]):
    """A member who takes over what somebody leaves."""

    def label_from_instance(self, user: User) -> str:
        """Return the name by which people know the person."""
        return user.get_username()


class DepartureForm(forms.Form):
    """The choice for the private work and the shared connections of somebody who leaves a team."""

    fate = forms.ChoiceField(label=_("Private work"), widget=forms.RadioSelect)
    successor = SuccessorField(
        label=_("Successor"), queryset=User.objects.none(), required=False, empty_label=_("Choose a person")
    )

    def __init__(self, *args: Any, actor: Actor, membership: Membership, work: PrivateWork, **options: Any) -> None:
        super().__init__(*args, **options)
        self.work = work
        is_own = membership.user_id == actor.user.pk
        fates = [fate for fate in Fate if is_own or fate != Fate.SHARE]
        self.fields["fate"].choices = [(fate.value, fate.label) for fate in fates]  # type: ignore[attr-defined]
        self.fields["successor"].queryset = list_successors(actor.team, membership.user)  # type: ignore[attr-defined]
        if not work.has_private:
            del self.fields["fate"]
        if not work.has_private and not work.shared_connections:
            del self.fields["successor"]

    def clean(self) -> dict[str, Any]:
        """Ask for a successor where somebody has to take something over."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned.setdefault("successor", None)
        if "fate" not in self.fields:
            cleaned["fate"] = Fate.DELETE
        is_needed = self.work.shared_connections or cleaned.get("fate") == Fate.HAND_OVER
        if is_needed and "successor" in self.fields and not cleaned["successor"] and "successor" not in self.errors:
            self.add_error("successor", gettext("Choose who takes over."))
        return cleaned


class TeamForm(forms.Form):
    """The name of a team."""

    team_name = forms.CharField(
        label=_("Name"),
        max_length=TEAM_NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class InvitedPersonForm(PersonForm):
    """The account of somebody who was invited. The address of an invitation by mail can't be changed."""

    email = forms.EmailField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    field_order = ("username", "email", "password1", "password2")

    def __init__(self, *args: Any, invitation: Invitation, **options: Any) -> None:
        super().__init__(*args, **options)
        if invitation.is_by_mail:
            self.fields["email"].disabled = True
            self.fields["email"].initial = invitation.email
        else:
            self.fields["email"].help_text = _("You can leave it empty.")
