"""Processing from file to file: read the picture, run each step, write the result. The engine's entry point."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vanceweb.catalogue.features import compute_output_size
from vanceweb.catalogue.output import Output, choose_format
from vanceweb.catalogue.parameters import Params
from vanceweb.catalogue.steps import Step, collect_guide_uids
from vanceweb.engine.processing.colour import colourisation, recolouring
from vanceweb.engine.processing.compress import compression
from vanceweb.engine.processing.cutout import matting
from vanceweb.engine.processing.denoise import denoising
from vanceweb.engine.processing.enlarge import drawings, photos
from vanceweb.engine.processing.errors import ProcessingError, WeightsMissing
from vanceweb.engine.processing.faces import restoration
from vanceweb.engine.processing.image.colour_spaces import convert_profile
from vanceweb.engine.processing.image.picture import FileFormat, Guide, Picture
from vanceweb.engine.processing.image.progress import Report, keep_rising, split_report
from vanceweb.engine.processing.image.reading import read_picture
from vanceweb.engine.processing.image.resampling import shrink
from vanceweb.engine.processing.image.writing import check_size, write_picture
from vanceweb.engine.processing.inference.interruption import Interruption
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.messages import Message, gettext_noop
from vanceweb.engine.processing.repair import crease_repair, photo_restoration
from vanceweb.engine.processing.sharpen import deblurring
from vanceweb.engine.processing.stylise import cartoons, pencil, redrawing
from vanceweb.engine.processing.tone import dehazing, retouching
from vanceweb.lib.picture_counts import count_pictures

__all__ = ["NetworkRegistry", "Outcome", "ProcessingError", "WeightsMissing", "process_file"]

NO_GUIDES: Mapping[str, Path] = {}
GUIDE_SIDE = 2048  # px of a guide's longer side; drawings need half of it
DROPPED_PICTURES = gettext_noop("The file has %(count)s pictures: only the first was worked on.")
# Weights in the progress. The work of compress is the encoding of the result, after all steps.
STEP_WEIGHTS, USUAL_STEP_WEIGHT = {"compress": 0.0}, 1.0
WRITING_WEIGHT, COMPRESSING_WEIGHT = 0.02, 1.0


# A function that does a module's work.
Operation = Callable[[Picture, Params, NetworkRegistry, Report], Picture]

OPERATIONS: dict[str, Operation] = {
    "enlarge3": photos.enlarge_photo,
    "denoise": denoising.denoise,
    "matting": matting.cut_out,
    "img2anime": redrawing.redraw,
    "animegan2": cartoons.animate,
    "cartoonize": cartoons.cartoonize,
    "compress": compression.compress,
    "sharpen3": deblurring.deblur,
    "chainner": drawings.enlarge_drawing,
    "real_esrgan": drawings.clean_and_enlarge_drawing,
    "crease_repair": crease_repair.repair,
    "img2sr": photo_restoration.restore,
    "CodeFormer": restoration.enhance_faces,
    "deoldify2": colourisation.colourise,
    "sd_recolor": recolouring.recolour,
    "sketch": pencil.draw_with_pencil,
    "dehazing": dehazing.remove_haze,
    "perfect": retouching.retouch,
}


@dataclass(frozen=True)
class Outcome:
    """A result: size in px, format, size in bytes, the backends that produced it, and notes for people."""

    width: int
    height: int
    format: FileFormat
    filesize: int
    backend: str
    notes: tuple[Message, ...] = ()


def process_file(
    source: Path,
    target: Path,
    steps: Sequence[Step],
    output: Output,
    *,
    networks: NetworkRegistry,
    report: Callable[[float], None],
    interruption: Interruption | None = None,
    guides: Mapping[str, Path] = NO_GUIDES,
    operations: Mapping[str, Operation] = OPERATIONS,
) -> Outcome:
    """Apply `steps` to the picture in `source` and write `target`, completely or not at all.

    `report` gets the fraction done (0..1) after each step of the work; an exception it raises stops the work and
    propagates. So does the error with which another thread requests an `interruption`, even inside a network. The
    format is `output.format`, else PNG for a cut-out without background, else that of the source. `guides` maps the
    uids of the guiding pictures named in steps to their files. Raises `ProcessingError`.
    """
    work = [(_get_operation(step, operations), step) for step in steps]
    picture = read_picture(source)
    file_format = choose_format(steps, output, picture.file_format)
    check_size(*compute_output_size(steps, picture.width, picture.height), file_format)
    interruption = interruption or Interruption()
    report = keep_rising(_check_before(interruption, report))
    *parts, writing = split_report(report, _compute_weights(steps))
    report(0.0)
    try:
        picture = _run_steps(picture, work, guides, networks.make_interruptible(interruption), parts)
    finally:
        networks.release_memory()
    written = write_picture(picture, target, file_format, output, writing)
    picture = _add_dropped_note(picture, source, target)
    report(1.0)
    made_by = ", ".join(picture.made_by)
    notes = (*picture.notes, *written.notes)
    return Outcome(picture.width, picture.height, file_format, written.filesize, made_by, notes)


def _add_dropped_note(picture: Picture, source: Path, target: Path) -> Picture:
    """Add a note if the result's file holds fewer pictures than the source's: frames, or the JPGs of an MPO."""
    with source.open("rb") as before, target.open("rb") as after:
        count, kept = count_pictures(before), count_pictures(after)
    if kept >= count:
        return picture
    return picture.add_note(Message(DROPPED_PICTURES, count=count))


def _run_steps(
    picture: Picture,
    operations: Sequence[tuple[Operation, Step]],
    guides: Mapping[str, Path],
    networks: NetworkRegistry,
    reports: Sequence[Report],
) -> Picture:
    for (operation, step), report in zip(operations, reports, strict=True):
        picture = replace(picture, guides=_read_guides(step, guides, report))
        picture = operation(picture, step.params, networks, report)
    return picture


def _compute_weights(steps: Sequence[Step]) -> list[float]:
    """Return the weights of the steps and of the writing in the progress."""
    compresses = any(step.module == "compress" for step in steps)
    writing = COMPRESSING_WEIGHT if compresses else WRITING_WEIGHT * len(steps)
    return [*(STEP_WEIGHTS.get(step.module, USUAL_STEP_WEIGHT) for step in steps), writing]


def _check_before(interruption: Interruption, report: Report) -> Report:
    def check_and_report(fraction: float) -> None:
        interruption.check()
        report(fraction)

    return check_and_report


def _read_guides(step: Step, files: Mapping[str, Path], report: Report) -> tuple[Guide, ...]:
    uids = collect_guide_uids([step])
    if not uids <= set(files):
        raise ProcessingError(gettext_noop("A picture that cn_configs names no longer exists."))
    pictures = {}
    for uid in uids:  # once each: guides often share a picture
        pictures[uid] = _read_guide(files[uid])
        report(0.0)
    return tuple(Guide(guide.cn_name, pictures.get(guide.image_uid or "")) for guide in step.control_images)


def _read_guide(file: Path) -> Picture:
    """Read the picture in sRGB, at most `GUIDE_SIDE` px; ten large guides in full size would exhaust the memory."""
    picture = convert_profile(read_picture(file))
    alpha = None if picture.alpha is None else shrink(picture.alpha, GUIDE_SIDE)
    return picture.replace_pixels(shrink(picture.colours, GUIDE_SIDE), alpha)


def _get_operation(step: Step, operations: Mapping[str, Operation]) -> Operation:
    try:
        return operations[step.module]
    except KeyError:
        raise ProcessingError(gettext_noop("This engine has no module %(module)s."), module=step.module) from None
