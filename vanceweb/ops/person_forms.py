"""The forms on the administrators' pages about people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from vanceweb.ops.member_forms import SuccessorField
from vanceweb.ops.people import list_heirs
from vanceweb.teams.models import User


class PersonSearchForm(forms.Form):
    """A part of a name or of an address, and the name after which the page begins."""

    q = forms.CharField(label=_("Name or e-mail"), required=False, max_length=254)
    after = forms.CharField(required=False, max_length=150)


class DeletionForm(forms.Form):
    """Who gets the private work of a person who is deleted; nobody: it is deleted, too."""

    heir = SuccessorField(
        label=_("Hand private work over to"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("Nobody: delete it"),
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        heirs = list_heirs(user)
        self.fields["heir"].queryset = heirs  # type: ignore[attr-defined]
        if not heirs:
            del self.fields["heir"]
