"""Addresses of the pages of a card."""

from django.urls import URLPattern, URLResolver, path

from catalog.cards import views

MODEL = "m/<str:team>/<str:name>"
urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{MODEL}/edit", views.edit, name="card-edit"),
    path(f"{MODEL}/edit/preview", views.preview, name="card-preview"),
    path(f"{MODEL}/edit/readme", views.take_readme, name="card-take-readme"),
    path(f"{MODEL}/card/<int:number>", views.revision, name="card-revision"),
    path(f"{MODEL}/card/README.md", views.readme, name="card-readme"),
]
