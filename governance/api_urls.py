"""REST addresses of governance: one list per room."""

from django.urls import URLPattern, URLResolver, path

from governance.access import api as access_api
from governance.audit import api as audit_api
from governance.policies import api as policies_api
from governance.reviews import api as reviews_api
from governance.validation import api as validation_api

policies: list[URLPattern | URLResolver] = [
    path("policies", policies_api.Policies.as_view(), name="api-policies"),
]
validation: list[URLPattern | URLResolver] = [
    path("checks/<int:run>", validation_api.Run.as_view(), name="api-run"),
    path("models/<str:team>/<str:name>/versions/<str:version>/submit", validation_api.Submit.as_view(), name="api-version-submit"),
    path("models/<str:team>/<str:name>/versions/<str:version>/checks", validation_api.Checks.as_view(), name="api-version-checks"),
]
reviews: list[URLPattern | URLResolver] = [
    path("reviews", reviews_api.Reviews.as_view(), name="api-reviews"),
    path("reviews/R-<int:number>", reviews_api.ReviewView.as_view(), name="api-review"),
    path("reviews/R-<int:number>/decisions", reviews_api.Decisions.as_view(), name="api-review-decisions"),
    path("reviews/R-<int:number>/waivers", reviews_api.Waivers.as_view(), name="api-review-waivers"),
    path("reviews/R-<int:number>/waivers/<int:pk>", reviews_api.WaiverView.as_view(), name="api-review-waiver"),
    path("reviews/R-<int:number>/comments", reviews_api.Comments.as_view(), name="api-review-comments"),
    *(
        path(f"models/<str:team>/<str:name>/versions/<str:version>/{step}", view.as_view(), name=f"api-version-{step}")
        for step, view in reviews_api.STEP_VIEWS.items()
    ),
]
PART = "access-requests/A-<int:number>/parts/<str:team>/<str:name>"
access: list[URLPattern | URLResolver] = [
    path("access-requests", access_api.AccessRequests.as_view(), name="api-access-requests"),
    path("access-requests/A-<int:number>", access_api.AccessRequestView.as_view(), name="api-access-request"),
    path("access-requests/A-<int:number>/withdraw", access_api.AccessWithdraw.as_view(), name="api-access-withdraw"),
    path(f"{PART}/decisions", access_api.AccessDecisions.as_view(), name="api-access-decisions"),
    path(f"{PART}/answer", access_api.AccessAnswer.as_view(), name="api-access-answer"),
    path("models/<str:team>/<str:name>/access-rule", access_api.AccessRuleView.as_view(), name="api-access-rule"),
    path("models/<str:team>/<str:name>/grants/<int:pk>/confirm", access_api.GrantConfirm.as_view(), name="api-grant-confirm"),
]
audit: list[URLPattern | URLResolver] = [path("audit-events", audit_api.AuditEvents.as_view(), name="api-audit-events")]
urlpatterns: list[URLPattern | URLResolver] = [*audit, *access, *reviews, *policies, *validation]
