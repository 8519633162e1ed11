"""The one address under /api/v1/ where two rooms meet: search lists models, the registry takes new ones."""

from django.urls import URLPattern, URLResolver, path

from catalog.registry.api import ModelCreate
from catalog.search.api import ModelList


class Models(ModelList, ModelCreate):
    """The models of the catalog: listed by search, registered by the registry."""


urlpatterns: list[URLPattern | URLResolver] = [path("models", Models.as_view(), name="api-models")]
