"""REST addresses of the notices."""

from django.urls import path

from marketplace.notifications import api

urlpatterns = [
    path("me/notices", api.Notices.as_view(), name="api-notices"),
    path("me/notices/<int:number>/done", api.NoticeDone.as_view(), name="api-notice-done"),
]
