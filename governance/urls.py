"""Addresses of governance: one list per room."""

from django.urls import URLPattern, URLResolver, path

from governance.access import new_page, rule_page
from governance.access import views as access_views
from governance.audit import views as audit_views
from governance.policies import views as policies_views
from governance.reviews import views as reviews_views
from governance.reviews.permissions import STEPS
from governance.validation import publish as publishing
from governance.validation import views as validation_views
from governance.validation.quarantine import quarantine_inspect

policies: list[URLPattern | URLResolver] = [
    path("policies", policies_views.policies, name="policies"),
    path("policies/<str:name>/<int:version>", policies_views.policy, name="policy"),
]
validation: list[URLPattern | URLResolver] = [
    path("checks/<int:run>", validation_views.run, name="run"),
    path("checks/<int:run>/again", validation_views.run_again, name="run-again"),
    path("checks/<int:run>/raw/<str:check>", validation_views.run_raw, name="run-raw"),
    path("m/<str:team>/<str:name>/v/<str:version>/inspect", quarantine_inspect, name="quarantine-inspect"),
    path("m/<str:team>/<str:name>/v/<str:version>/publish/risk", publishing.publish_risk, name="publish-risk"),
    path("m/<str:team>/<str:name>/v/<str:version>/publish/check", publishing.publish_check, name="publish-check"),
]
reviews: list[URLPattern | URLResolver] = [
    path("reviews", reviews_views.reviews, name="reviews"),
    path("reviews/R-<int:number>", reviews_views.review, name="review"),
    path("reviews/R-<int:number>/decisions", reviews_views.review_decide, name="review-decide"),
    path("reviews/R-<int:number>/comments", reviews_views.review_comment, name="review-comment"),
    path("reviews/R-<int:number>/waivers", reviews_views.review_waiver, name="review-waiver"),
    path("reviews/R-<int:number>/waivers/<int:pk>/end", reviews_views.review_waiver_end, name="review-waiver-end"),
    path("reviews/R-<int:number>/withdraw", reviews_views.review_withdraw, name="review-withdraw"),
    *(path(f"m/<str:team>/<str:name>/v/<str:version>/{step}", reviews_views.version_step, {"step": step}, name=f"version-{step}") for step in STEPS),
]
PART = "access/A-<int:number>/parts/<str:team>/<str:name>"
access: list[URLPattern | URLResolver] = [
    path("access", access_views.access, name="access"),
    path("access/together", access_views.access_together, name="access-together"),
    path("access/A-<int:number>", access_views.access_request, name="access-request"),
    path("access/A-<int:number>/withdraw", access_views.access_withdraw, name="access-withdraw"),
    path(f"{PART}/decide", access_views.access_decide, name="access-decide"),
    path(f"{PART}/answer", access_views.access_answer, name="access-answer"),
    path("m/<str:team>/<str:name>/access/new", new_page.access_new, name="access-new"),
    path("m/<str:team>/<str:name>/settings/access", rule_page.access_rule, name="access-rule"),
    path("me/access/<int:pk>/give-back", new_page.grant_give_back, name="grant-give-back"),
    path("me/access/<int:pk>/confirm", new_page.grant_confirm, name="grant-confirm"),
]
audit: list[URLPattern | URLResolver] = [
    path("audit", audit_views.audit, name="audit"),
    path("audit/verify", audit_views.verify, name="audit-verify"),
    path("audit/segment", audit_views.segment, name="audit-segment"),
]
urlpatterns: list[URLPattern | URLResolver] = [*audit, *access, *reviews, *policies, *validation]
