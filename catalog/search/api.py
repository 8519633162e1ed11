"""REST of finding models: the list and the search."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.search.facets import FACETS
from catalog.search.listing import FILTERS, models_as_json
from catalog.search.parameters import after_id, only
from catalog.search.queries import SORTS, search
from catalog.search.serializers import ModelPage, SearchOutput, answer_shape
from marketplace.api.pagination import page_size
from marketplace.api.renderers import Raw
from marketplace.api.schema import PAGED
from marketplace.api.views import ApiView

NARROWED = [
    OpenApiParameter(key, {"type": "string", "enum": values} if values else {"type": "string", "maxLength": 200})
    for key, (_, values) in FILTERS.items()
]
SEARCHED = [
    OpenApiParameter("q", {"type": "string"}, description='Words, "phrases", -word and facet:value; any word may match'),
    OpenApiParameter("sort", {"type": "string", "enum": list(SORTS), "default": "relevance"}),
    *(OpenApiParameter(key, str, many=True, description=facet.title) for key, facet in FACETS.items()),
]


class ModelList(ApiView):
    """All models that the caller may see."""

    @extend_schema(responses=ModelPage, parameters=[*PAGED, *NARROWED], summary="List models")
    def get(self, request: Request) -> Response:
        """Return models, newest first."""
        query = only(request.query_params, FILTERS)
        filters = {key: str(query[key]) for key in FILTERS if key in query}
        return Response(Raw(models_as_json(request.user, filters, after=after_id(query), limit=page_size(query))))


class Search(ApiView):
    """Finding models."""

    @extend_schema(responses=SearchOutput, parameters=[*PAGED, *SEARCHED], summary="Search models")
    def get(self, request: Request) -> Response:
        """Return what was found, best first, with the counts of every facet."""
        query = only(request.query_params, ["q", "sort", *FACETS])
        answer = search(
            request.user,
            query.get("q", ""),
            {key: query.getlist(key) for key in FACETS if key in query},
            sort=query.get("sort", "relevance"),
            cursor=query.get("cursor", ""),
            limit=page_size(query),
        )
        return Response(answer_shape(answer))
