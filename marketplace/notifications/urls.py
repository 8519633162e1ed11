"""Addresses of the inbox."""

from django.urls import path

from marketplace.notifications import views

urlpatterns = [
    path("me/notifications", views.inbox, name="notifications"),
    path("me/notifications/done", views.all_done, name="notifications-all-done"),
    path("me/notifications/<int:number>/done", views.done, name="notification-done"),
]
