"""The calls about pictures."""

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status

from vanceweb.api.authentication import ApiRequest
from vanceweb.api.json_bodies import JSON_TYPE, read_json
from vanceweb.api.lists import ListQuery, get_pictures_page
from vanceweb.api.models import PictureFetch
from vanceweb.api.picture_fetches import TooManyFetches, request_fetch
from vanceweb.api.problems import Problem, build_field_problem
from vanceweb.api.representations import describe_fetch, describe_picture
from vanceweb.api.schemas import FetchedPicture, Picture, PicturePage, PictureUrl
from vanceweb.api.tasks import wake_fetch_worker
from vanceweb.api.throttles import check_upload_rate
from vanceweb.gallery.file_responses import send_original
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import delete_asset, store_upload
from vanceweb.lib.images import ImageRefused, ImageTooLarge
from vanceweb.teams.access import Action, filter_visible, require, require_editable

router = Router(tags=["Pictures"])
FORM_TYPE = "multipart/form-data"
# Both kinds of bodies; ninja can declare one.
UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            FORM_TYPE: {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
            JSON_TYPE: {"schema": {"$ref": "#/components/schemas/PictureUrl"}},
        },
    }
}


@router.post(
    "/pictures",
    response={201: Picture, 202: FetchedPicture},
    summary="Add a picture",
    openapi_extra=UPLOAD_BODY,
)
def add_picture(request: ApiRequest, response: HttpResponse) -> Status[Schema]:
    """Send a JPG or PNG as the field `file` of a form (201), or the URL of one as JSON (202).

    The site fetches a URL in the background: ask for the picture by its id until its state is `ready` or `failed`.
    """
    require(request.auth, Action.MAKE)
    # Before the body is read.
    check_upload_rate(request)
    if request.content_type == FORM_TYPE:
        asset = _store_file(request)
        response["Location"] = reverse("site-api:get_picture", args=[asset.uuid])
        return Status(201, describe_picture(asset))
    body = read_json(request, PictureUrl)
    try:
        fetch = request_fetch(actor=request.auth, url=body.url, wake=wake_fetch_worker)
    except TooManyFetches:
        raise Problem(429, _("Too many pictures wait to be fetched."), headers={"Retry-After": "30"}) from None
    response["Location"] = reverse("site-api:get_picture", args=[fetch.uuid])
    return Status(202, describe_fetch(fetch))


@router.get("/pictures", response=PicturePage, summary="List pictures")
def list_pictures(request: ApiRequest, query: Query[ListQuery]) -> PicturePage:
    """List the team's pictures and the person's private ones, the newest first."""
    require(request.auth, Action.SEE)
    assets, following = get_pictures_page(request.auth, query)
    return PicturePage(items=[describe_picture(asset) for asset in assets], next=following)


@router.get("/pictures/{uuid:picture_id}", response=Picture | FetchedPicture, summary="A picture")
def get_picture(request: ApiRequest, picture_id: UUID) -> Picture | FetchedPicture:
    """Tell about a picture, or about one that is still being fetched."""
    require(request.auth, Action.SEE)
    assets = filter_visible(Asset.objects.all(), request.auth).select_related("created_by")
    asset = assets.filter(uuid=picture_id).first()
    if asset is not None:
        return describe_picture(asset)
    fetches = filter_visible(PictureFetch.objects.all(), request.auth)
    return describe_fetch(get_object_or_404(fetches, uuid=picture_id))


@router.delete("/pictures/{uuid:picture_id}", response={204: None}, summary="Delete a picture")
def delete_picture(request: ApiRequest, picture_id: UUID) -> Status[None]:
    """Delete a picture. Jobs that used it stay, without it."""
    asset = _get_asset(request, picture_id)
    require_editable(request.auth, asset)
    delete_asset(asset=asset)
    return Status(204, None)


@router.api_operation(
    ["GET", "HEAD"],
    "/pictures/{uuid:picture_id}/file",
    summary="A picture's file",
    openapi_extra={
        "responses": {
            200: {
                "description": "The file, or with the header Range a part of it (206).",
                "content": {
                    "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
                    "image/png": {"schema": {"type": "string", "format": "binary"}},
                },
            }
        }
    },
)
def download_picture(request: ApiRequest, picture_id: UUID) -> HttpResponseBase:
    """Send the original file."""
    require(request.auth, Action.SEE)
    return send_original(request, _get_asset(request, picture_id), as_attachment=True)


def _get_asset(request: ApiRequest, picture_id: UUID) -> Asset:
    return get_object_or_404(filter_visible(Asset.objects.all(), request.auth), uuid=picture_id)


def _store_file(request: ApiRequest) -> Asset:
    """Store the uploaded file. Raise Problem."""
    file = request.FILES.get("file")
    if file is None:
        raise build_field_problem([("file", _("Send the picture as the field “file”."))])
    try:
        return store_upload(actor=request.auth, file=file, name=file.name or "")  # type: ignore[arg-type]
    except ImageTooLarge as refusal:
        raise Problem(413, str(refusal), errors=[("file", str(refusal))]) from None
    except ImageRefused as refusal:
        raise Problem(422, str(refusal), errors=[("file", str(refusal))]) from None
