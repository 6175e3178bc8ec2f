"""Turning the JSON of a job into a submission: every value is checked, and each fault names its field."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from vanceweb.api.models import PictureFetch
from vanceweb.api.problems import Problem, build_field_problem
from vanceweb.api.schemas import JobIn, OutputIn, StepIn
from vanceweb.catalogue.features import UnknownFeature, get_feature_by_module
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.parameters import InvalidParameter
from vanceweb.catalogue.rules import KNOWN_MODULES, JConfigError, check_output, check_steps
from vanceweb.catalogue.steps import ControlImage, Step
from vanceweb.gallery.models import Asset
from vanceweb.jobs.result_limits import find_impossible_size, measure_asset
from vanceweb.teams.access import Actor, filter_visible
from vanceweb.vault.models import Connection

# The key that names a feature's model; parameters imply it, so it may be left out.
MODEL_NAME = "model_name"


@dataclass(frozen=True)
class Submission:
    """A job that can be submitted, as far as its request tells."""

    source: Asset
    connection: Connection
    steps: tuple[Step, ...]
    output: Output


def read_submission(actor: Actor, body: JobIn) -> Submission:
    """Return the submission that the request describes. Raise Problem."""
    steps = tuple(_read_step(index, step) for index, step in enumerate(body.steps))
    output = _read_output(body.output or OutputIn())
    try:
        checked = check_steps(steps)
        check_output(output)
    except JConfigError as error:
        raise build_field_problem([("steps", error.message)]) from None
    submission = Submission(_find_source(actor, body), _find_connection(actor, body), checked, output)
    size = measure_asset(submission.source)
    impossible = find_impossible_size(submission.connection, size, checked, output)
    if impossible is not None:
        raise build_field_problem([("steps", impossible)])
    return submission


def _read_step(index: int, step: StepIn) -> Step:
    """Return the step with complete parameters. Raise Problem, also for a parameter that the feature doesn't have."""
    place = f"steps.{index}"
    try:
        feature = get_feature_by_module(step.module)
    except UnknownFeature:
        raise build_field_problem([(f"{place}.module", KNOWN_MODULES)]) from None
    known = {parameter.key for parameter in feature.parameters} | ({MODEL_NAME} if feature.models else set())
    if unknown := sorted(step.params.keys() - known):
        names = ", ".join(sorted(known)) or _("none")
        message = _("%(module)s has no such parameter. It has: %(names)s.") % {"module": step.module, "names": names}
        raise build_field_problem([(f"{place}.params.{key}", message) for key in unknown])
    try:
        params = feature.complete_params(step.params)
        if feature.models and MODEL_NAME in step.params:
            feature.check_model(step.params[MODEL_NAME], params)
    except InvalidParameter as error:
        raise build_field_problem([(f"{place}.params.{error.key}", f"{error}.")]) from None
    guides = tuple(ControlImage(guide.picture.hex if guide.picture else None, guide.kind) for guide in step.guides)
    return Step(feature.module, params, guides)


def _read_output(output: OutputIn) -> Output:
    red_green_blue = output.background
    background = None if red_green_blue is None else (red_green_blue[0], red_green_blue[1], red_green_blue[2])
    return Output(quality=output.quality, dpi=output.dpi, format=output.format, background=background)


def _find_source(actor: Actor, body: JobIn) -> Asset:
    source = filter_visible(Asset.objects.all(), actor).filter(uuid=body.picture).first()
    if source is not None:
        return source
    fetch = filter_visible(PictureFetch.objects.all(), actor).filter(uuid=body.picture).first()
    if fetch is not None and not fetch.has_failed:
        raise Problem(409, _("The picture is still being fetched. Try again when its state is “ready”."))
    raise build_field_problem([("picture", _("The team has no such picture."))])


def _find_connection(actor: Actor, body: JobIn) -> Connection:
    """Return the connection: the team's to the bundled engine if none is given."""
    visible = filter_visible(Connection.objects.without_token(), actor)
    if body.connection is None:
        bundled = visible.filter(service=Connection.Service.BUNDLED)
        chosen = bundled.filter(private_to=None).first() or bundled.first()
    else:
        chosen = visible.filter(uuid=body.connection).first()
    if chosen is None:
        raise build_field_problem([("connection", _("The team has no such connection."))])
    return chosen
