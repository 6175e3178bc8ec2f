from django.urls import path

from vanceweb.gallery import views

urlpatterns = [
    path("t/<slug:team>/gallery/", views.gallery, name="gallery"),
    path("gallery/<uuid:uuid>/file/", views.asset_file, name="asset-file"),
    path("gallery/<uuid:uuid>/<slug:size>.webp", views.asset_thumbnail, name="asset-thumbnail"),
    path("gallery/<uuid:uuid>/delete/", views.asset_delete, name="asset-delete"),
]
