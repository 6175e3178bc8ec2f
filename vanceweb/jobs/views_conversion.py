"""Pictures in other formats: people see what they were converted to before they start a job."""

from typing import BinaryIO, cast

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vanceweb.gallery.services import ConvertedUpload, store_converted
from vanceweb.jobs.forms import ConversionForm, SubmissionForm
from vanceweb.lib.conversion import find_foreign_format
from vanceweb.lib.decoding import DecoderUnavailable
from vanceweb.lib.foreign_formats import ForeignFormat
from vanceweb.lib.image_refusals import ImageRefused
from vanceweb.teams.access import Action, Actor, require, team_page


@require_POST
@team_page
def conversion(request: HttpRequest, actor: Actor) -> JsonResponse:
    """Convert and store the picture, and answer with what the stage shows of it, or with a sentence and 422."""
    require(actor, Action.MAKE)
    form = ConversionForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refuse(str(form.errors["picture"][0]))
    picture = form.cleaned_data["picture"]
    format = find_foreign_format(picture)
    if format is None:
        return _refuse(_("This file is in no format that can be converted."))
    try:
        converted = store_converted(actor=actor, file=picture, format=format, name=picture.name)
    except (ImageRefused, DecoderUnavailable) as refusal:
        return _refuse(str(refusal))
    asset = converted.asset
    return JsonResponse(
        {
            "uuid": asset.uuid,
            "url": reverse("asset-file", args=[asset.uuid]),
            "name": asset.name,
            "width": asset.width,
            "height": asset.height,
            "bytes": asset.filesize,
            "notice": _describe(format, converted),
        },
        status=201,
    )


def add_converted(actor: Actor, submission: SubmissionForm, format: ForeignFormat) -> None:
    """Convert the submitted file, and have the form say so and offer the result: it need not be chosen again.

    Raise ImageRefused or DecoderUnavailable.
    """
    picture = submission.cleaned_data["picture"]
    converted = store_converted(actor=actor, file=cast(BinaryIO, picture), format=format, name=picture.name)
    submission.converted = converted.asset
    submission.add_error("picture", f"{_describe(format, converted)} {_('Press Start to work on it.')}")


def _describe(format: ForeignFormat, converted: ConvertedUpload) -> str:
    names = {"format": format.title, "converted": converted.asset.name}
    return " ".join([_("This is a %(format)s file. It was converted to %(converted)s.") % names, *converted.notes])


def _refuse(sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=422)
