"""Addresses of files and uploads under /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from catalog.artifacts import api

VERSION = "models/<str:team>/<str:name>/versions/<str:version>"
urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{VERSION}/files", api.FileList.as_view(), name="api-files"),
    path(f"{VERSION}/files/<path:path>", api.FileDetail.as_view(), name="api-file"),
    path("uploads", api.UploadList.as_view(), name="api-uploads"),
    path("uploads/<uuid:pk>", api.UploadDetail.as_view(), name="api-upload"),
    path("uploads/<uuid:pk>/parts/<int:number>", api.UploadPart.as_view(), name="api-upload-part"),
    path("uploads/<uuid:pk>/complete", api.UploadComplete.as_view(), name="api-upload-complete"),
]
