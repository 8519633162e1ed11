"""Addresses of the interface's own pages."""

from django.urls import path

from marketplace.web import views

urlpatterns = [
    path("ui/<str:digest>.css", views.stylesheet, name="stylesheet"),
    path("docs/errors", views.problem_types, name="problem-types"),
    path("docs/ui", views.style_guide, name="style-guide"),
]
