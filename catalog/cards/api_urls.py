"""Addresses of cards under /api/v1/."""

from django.urls import URLPattern, URLResolver, path

from catalog.cards import api

CARD = "models/<str:team>/<str:name>/card"
urlpatterns: list[URLPattern | URLResolver] = [
    path(CARD, api.Card.as_view(), name="api-card"),
    path(f"{CARD}/revisions", api.CardRevisions.as_view(), name="api-card-revisions"),
    path(f"{CARD}/revisions/<int:number>", api.CardRevisionView.as_view(), name="api-card-revision"),
    path(f"{CARD}/schema", api.CardSchemaView.as_view(), name="api-card-schema"),
    path(f"{CARD}/readme", api.CardReadme.as_view(), name="api-card-readme"),
]
