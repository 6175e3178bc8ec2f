"""The form that says which job a charge is for."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from vanceweb.jobs.models import Job

NOT_FROM_HERE = "none"


class MatchForm(forms.Form):
    """One of the offered jobs, or none. `cleaned_data["job"]` is the Job or None."""

    job = forms.ChoiceField(label=_("Job"), error_messages={"required": _("Choose a job, or “Not from here”.")})

    def __init__(self, *args: Any, candidates: Sequence[Job], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.candidates = {str(job.uuid): job for job in candidates}
        field = self.fields["job"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [*((key, job.source_name) for key, job in self.candidates.items()), (NOT_FROM_HERE, "")]

    def clean_job(self) -> Job | None:
        return self.candidates.get(self.cleaned_data["job"])
