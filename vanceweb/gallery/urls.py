from django.urls import path

from vanceweb.gallery import views, views_links, views_share

urlpatterns = [
    path("t/<slug:team>/gallery/", views.gallery, name="gallery"),
    path("gallery/<uuid:uuid>/file/", views.asset_file, name="asset-file"),
    path("gallery/<uuid:uuid>/<slug:size>.webp", views.asset_thumbnail, name="asset-thumbnail"),
    path("gallery/<uuid:uuid>/delete/", views.asset_delete, name="asset-delete"),
    path("t/<slug:team>/links/", views_links.links, name="links"),
    path("t/<slug:team>/links/add/", views_links.link_add, name="link-add"),
    path("links/<uuid:uuid>/edit/", views_links.link_edit, name="link-edit"),
    path("links/<uuid:uuid>/revoke/", views_links.link_revoke, name="link-revoke"),
    path("s/<str:secret>/", views_share.share, name="share"),
    path("s/<str:secret>/<int:number>/<slug:part>.webp", views_share.share_preview, name="share-preview"),
    path("s/<str:secret>/<int:number>/<slug:part>/file/", views_share.share_file, name="share-file"),
]
