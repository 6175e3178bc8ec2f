"""The API's write operations on uploads and transforms."""

from collections.abc import Sequence
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction

from vanceweb.catalogue.features import calculate_credits
from vanceweb.catalogue.jconfig import JConfigError, parse_jconfig
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.result_sizes import ResultLimits, SourceSize, describe_impossible_size
from vanceweb.catalogue.steps import Step, collect_guide_uids
from vanceweb.catalogue.work_names import build_job_name
from vanceweb.engine.completion import TransformMovedOn, end_transform
from vanceweb.engine.errors import Code, EngineError
from vanceweb.engine.models import QUEUE_KEY_LENGTH, Account, Transform, Upload
from vanceweb.engine.tasks import run_transforms
from vanceweb.engine.webhooks import check_webhook
from vanceweb.lib.decoding import DecoderUnavailable, check_pixels
from vanceweb.lib.images import ImageTooLarge, NotAnImage, inspect_image
from vanceweb.lib.picture_formats import API_NAMES
from vanceweb.lib.picture_mending import open_mended


def store_upload(*, account: Account, file: "File[bytes]", name: str) -> Upload:
    """Store an uploaded picture, without damaged metadata. Raise EngineError if it isn't one or exceeds the limits.

    A busy decoder says nothing about the picture, so its error is one after which clients try again.
    """
    source = cast(BinaryIO, file)
    try:
        facts = inspect_image(
            source,
            max_bytes=settings.UPLOAD_MAX_BYTES,
            max_pixels=settings.UPLOAD_MAX_PIXELS,
            formats=settings.UPLOAD_FORMATS,
        )
        check_pixels(source, formats=settings.UPLOAD_FORMATS)
    except DecoderUnavailable as error:
        raise EngineError(Code.INTERNAL, str(error)) from error
    except ImageTooLarge as error:
        raise EngineError(Code.LIMIT_EXCEEDED, str(error)) from error
    except NotAnImage as error:
        raise EngineError(Code.ILLEGAL_PARAMETER, str(error)) from error
    # The row comes first: if the process dies here, it leaves a row, which the sweeper removes, and no orphaned file.
    upload = Upload.objects.create(
        account=account,
        name=name[:255],
        format=facts.format,
        width=facts.width,
        height=facts.height,
        filesize=facts.filesize,
    )
    mended = open_mended(source)
    try:
        storages["engine"].save(upload.file_name, file if mended is source else File(mended))
    except BaseException:
        upload.delete()
        raise
    return upload


def submit_transform(
    *, account: Account, upload: Upload, jconfig: str, webhook: str = "", queue_key: str = ""
) -> Transform:
    """Validate the job and enqueue it. Raise EngineError with the reason if it is invalid.

    `queue_key` names the person for whom the account submits the job; those of one account take turns.
    """
    try:
        steps, output = parse_jconfig(jconfig)
    except JConfigError as error:
        raise EngineError(error.code, str(error)) from error
    _check_guides(steps, account)
    _check_output_size(steps, output, upload)
    if webhook:
        check_webhook(webhook)
    if len(queue_key) > QUEUE_KEY_LENGTH:
        sentence = f"The queue_key field must have at most {QUEUE_KEY_LENGTH} characters."
        raise EngineError(Code.ILLEGAL_PARAMETER, {"queue_key": [sentence]})
    with transaction.atomic():
        transform = Transform.objects.create(
            account=account,
            upload=upload,
            uid=upload.uid,
            jconfig=jconfig,
            job=build_job_name(steps),
            cost=calculate_credits(steps),
            webhook=webhook,
            queue_key=queue_key,
        )
        run_transforms.enqueue()
    return transform


def cancel_transform(*, transform: Transform) -> Transform:
    """Cancel a queued job, or request cancellation of a running one, which then stops within seconds.

    A job that has ended stays unchanged. Nothing is posted to the webhook. Return the updated transform.
    """
    with transaction.atomic():
        waiting = Transform.objects.filter(pk=transform.pk, state=Transform.State.QUEUED)
        try:
            end_transform(waiting, state=Transform.State.CANCELLED, message="The job was cancelled.")
        except TransformMovedOn:
            Transform.objects.filter(pk=transform.pk).unfinished().update(cancel_requested=True)
    transform.refresh_from_db()
    return transform


def _check_guides(steps: Sequence[Step], account: Account) -> None:
    wanted = collect_guide_uids(steps)
    found = set(Upload.objects.filter(account=account, uid__in=wanted).values_list("uid", flat=True))
    if wanted - found:
        raise EngineError(Code.NOT_FOUND, f"cn_configs names a picture that does not exist: {min(wanted - found)}.")


def _check_output_size(steps: Sequence[Step], output: Output, upload: Upload) -> None:
    source = SourceSize(upload.width, upload.height, API_NAMES[upload.format])
    problem = describe_impossible_size(steps, output, source, ResultLimits(settings.ENGINE_MAX_OUTPUT_PIXELS))
    if problem is not None:
        raise EngineError(Code.LIMIT_EXCEEDED, problem)
