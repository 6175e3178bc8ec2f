"""Background tasks of the gallery."""

from django_tasks import task

from vanceweb.gallery import thumbnails


@task(queue_name="io")
def make_thumbnails(blob_id: int) -> None:
    thumbnails.make_thumbnails(blob_id)
