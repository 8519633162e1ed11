"""The addresses of the directory."""

from allauth.account.views import LoginView
from django.urls import include, path

urlpatterns = [path("accounts/login/", LoginView.as_view(), name="account_login"), path("", include("allauth.idp.urls"))]
