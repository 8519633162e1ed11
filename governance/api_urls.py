"""REST addresses of governance: one list per room."""

from django.urls import URLPattern, URLResolver, path

from governance.policies import api as policies_api
from governance.reviews import api as reviews_api

policies: list[URLPattern | URLResolver] = [
    path("policies", policies_api.Policies.as_view(), name="api-policies"),
]
reviews: list[URLPattern | URLResolver] = [
    path("reviews", reviews_api.Reviews.as_view(), name="api-reviews"),
    path("reviews/R-<int:number>", reviews_api.ReviewView.as_view(), name="api-review"),
    path("reviews/R-<int:number>/decisions", reviews_api.Decisions.as_view(), name="api-review-decisions"),
    path("reviews/R-<int:number>/comments", reviews_api.Comments.as_view(), name="api-review-comments"),
    *(
        path(f"models/<str:team>/<str:name>/versions/<str:version>/{step}", view.as_view(), name=f"api-version-{step}")
        for step, view in reviews_api.STEP_VIEWS.items()
    ),
]
urlpatterns: list[URLPattern | URLResolver] = [*reviews, *policies]
