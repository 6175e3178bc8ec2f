from django.urls import path

from vanceweb.jobs import views, views_conversion, views_credits, views_feature, views_hook, views_privacy, views_studio

urlpatterns = [
    path("t/<slug:team>/", views_studio.studio, name="studio"),
    path("t/<slug:team>/features/<slug:slug>/", views_feature.feature, name="feature"),
    path("t/<slug:team>/pictures/convert/", views_conversion.conversion, name="convert-picture"),
    path("t/<slug:team>/jobs/", views.jobs, name="jobs"),
    path("jobs/<uuid:uuid>/", views.job, name="job"),
    path("jobs/<uuid:uuid>/progress/", views.job_progress, name="job-progress"),
    path("jobs/<uuid:uuid>/cancel/", views.job_cancel, name="job-cancel"),
    path("jobs/<uuid:uuid>/retry/", views.job_retry, name="job-retry"),
    path("jobs/<uuid:uuid>/exceed-budget/", views_credits.job_exceed_budget, name="job-exceed-budget"),
    path("jobs/<uuid:uuid>/when-short/", views_credits.job_when_short, name="job-when-short"),
    path("jobs/<uuid:uuid>/privacy/", views_privacy.job_privacy, name="job-privacy"),
    path("gallery/<uuid:uuid>/privacy/", views_privacy.picture_privacy, name="asset-privacy"),
    path("jobs/<uuid:uuid>/delete/", views.job_delete, name="job-delete"),
    path("hooks/<str:secret>/", views_hook.job_hook, name="job-hook"),
]
