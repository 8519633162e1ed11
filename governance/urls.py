"""Addresses of governance: one list per room."""

from django.urls import URLPattern, URLResolver, path

from governance.policies import views as policies_views
from governance.reviews import views as reviews_views
from governance.reviews.permissions import STEPS

policies: list[URLPattern | URLResolver] = [
    path("policies", policies_views.policies, name="policies"),
    path("policies/<str:name>/<int:version>", policies_views.policy, name="policy"),
]
reviews: list[URLPattern | URLResolver] = [
    path("reviews", reviews_views.reviews, name="reviews"),
    path("reviews/R-<int:number>", reviews_views.review, name="review"),
    path("reviews/R-<int:number>/decisions", reviews_views.review_decide, name="review-decide"),
    path("reviews/R-<int:number>/comments", reviews_views.review_comment, name="review-comment"),
    path("reviews/R-<int:number>/withdraw", reviews_views.review_withdraw, name="review-withdraw"),
    *(
        path(f"m/<str:team>/<str:name>/v/<str:version>/{step}", reviews_views.version_step, {"step": step}, name=f"version-{step}")
        for step in STEPS
    ),
]
urlpatterns: list[URLPattern | URLResolver] = [*reviews, *policies]
