"""The API's URLs, to be included at `web_api/v1/`."""

from django.urls import path, re_path

from vanceweb.engine.api import jobs, points
from vanceweb.engine.api.endpoint import unknown_endpoint

urlpatterns = [
    path("upload", jobs.upload),
    path("transform", jobs.transform),
    path("progress", jobs.progress),
    path("download", jobs.download),
    path("cancel", jobs.cancel),
    path("point", points.point),
    path("points/record", points.points_record),
    re_path(r"^(?P<path>.*)$", unknown_endpoint),
]
