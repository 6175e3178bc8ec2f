"""The deletion of a job: what goes with it and what stays, for the question before it and for the deletion itself."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from vanceweb.gallery.models import Asset
from vanceweb.gallery.queries import PictureUse, find_use
from vanceweb.jobs.models import Job
from vanceweb.jobs.source_names import get_shown_source_name
from vanceweb.teams.access import Actor, filter_visible


@dataclass(frozen=True)
class DeletionPlan:
    """The effects of a job's deletion on its pictures. A picture that is None stays, or isn't there."""

    name: str
    deleted_result: Asset | None
    deleted_source: Asset | None
    # Why the source stays, a sentence; empty if it is deleted, or was before.
    source_stays: str
    # True for a result that the actor may not delete.
    keeps_result: bool
    # The jobs on the result, as far as the actor sees them.
    use: PictureUse

    @property
    def done_sentence(self) -> str:
        """The sentence that says what was deleted."""
        texts = {
            (True, True): _("The result of %(name)s and the picture that was sent are deleted."),
            (True, False): _("The result of %(name)s is deleted."),
            (False, True): _("The job on %(name)s and the picture that was sent are deleted."),
            (False, False): _("The job on %(name)s is deleted."),
        }
        text = texts[self.deleted_result is not None, self.deleted_source is not None]
        return text % {"name": self.name}


def plan_deletion(job: Job, actor: Actor) -> DeletionPlan:
    """Return what the actor's deletion of the job does. At most six queries; it deletes nothing."""
    result = job.result
    deletes_result = result is not None and actor.can_edit(result)
    source_stays = _find_reason_to_keep(job, actor)
    return DeletionPlan(
        name=get_shown_source_name(job, actor),
        deleted_result=result if deletes_result else None,
        deleted_source=None if source_stays else job.source,
        source_stays=source_stays,
        keeps_result=result is not None and not deletes_result,
        use=find_use(result, actor) if result is not None and deletes_result else PictureUse(),
    )


def _find_reason_to_keep(job: Job, actor: Actor) -> str:
    """Return the sentence why the job's source stays; empty if it goes with the job, or is gone."""
    source = job.source
    if source is None:
        return ""
    if source.kind == Asset.Kind.SAMPLE:
        return _("The sample stays.")
    if source.kind == Asset.Kind.RESULT:
        return _("The picture that it was made from stays in the gallery.")
    others = source.jobs_from.exclude(pk=job.pk)
    if not actor.can_edit(source) and not others.exists():
        return _("The picture that was sent stays: it is somebody else's.")
    visible = filter_visible(others, actor).count()
    if visible > 1:
        return _("The picture that was sent stays: %(count)d other jobs use it.") % {"count": visible}
    if visible or others.exists():
        return _("The picture that was sent stays: another job uses it.")
    return ""
