"""Addresses of people and their tokens."""

from django.urls import path

from marketplace.accounts.signin import SignIn, sign_out

urlpatterns = [
    path("login", SignIn.as_view(), name="account_login"),
    path("logout", sign_out, name="account_logout"),
]
