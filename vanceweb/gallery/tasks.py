"""Background tasks of the gallery."""

from django_tasks import task

from vanceweb.gallery.thumbnails import make_next_thumbnails


@task(queue_name="io")
def make_thumbnails() -> None:
    """Make the most overdue thumbnails."""
    make_next_thumbnails()
