"""Addresses of the pages about people and teams."""

from django.urls import path

from marketplace.accounts import mfa_views, people_views, saml, sso, team_views, views
from marketplace.accounts.keys import pages as keys
from marketplace.accounts.signin import SignIn, sign_out

urlpatterns = [
    path("login", SignIn.as_view(), name="account_login"),
    path("login/sso", sso.start, name="sso-start"),
    path("login/sso/callback", sso.callback, name="sso-callback"),
    path("login/saml/acs", saml.answered, name="saml-answered"),
    path("login/saml/metadata", saml.metadata, name="saml-metadata"),
    path("login/confirm", mfa_views.AskFactor.as_view(), name="mfa_authenticate"),
    path("welcome", views.welcome, name="welcome"),
    path("logout", sign_out, name="account_logout"),
    path("me/tokens", keys.my_tokens, name="my-tokens"),
    path("me/tokens/<int:pk>/revoke", keys.revoke_my_token, name="revoke-my-token"),
    path("me/tokens/<int:pk>/rotate", keys.rotate_my_token, name="rotate-my-token"),
    path("me/settings", views.my_settings, name="my-settings"),
    path("me/settings/sign-in", mfa_views.my_sign_in, name="mfa_index"),
    path("me/settings/sign-in/again", mfa_views.ConfirmByPassword.as_view(), name="account_reauthenticate"),
    path("me/settings/sign-in/again/code", mfa_views.ConfirmByCode.as_view(), name="mfa_reauthenticate"),
    path("me/settings/sign-in/again/passkey", mfa_views.ConfirmByPasskey.as_view(), name="mfa_reauthenticate_webauthn"),
    path("me/settings/sign-in/app", mfa_views.AddApp.as_view(), name="mfa_activate_totp"),
    path("me/settings/sign-in/app/picture.svg", mfa_views.app_picture, name="second-factor-picture"),
    path("me/settings/sign-in/app/remove", mfa_views.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("me/settings/sign-in/passkeys/add", mfa_views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("me/settings/sign-in/passkeys/<int:pk>/remove", mfa_views.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("me/settings/sign-in/recovery-codes", mfa_views.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("me/settings/sign-in/recovery-codes/new", mfa_views.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("me/settings/sign-in/sessions/<str:name>/end", mfa_views.end_my_session, name="end-my-session"),
    path("teams", views.teams, name="teams"),
    path("teams/<str:team>", team_views.team_page, name="team"),
    path("teams/<str:team>/members", team_views.team_members, name="team-members"),
    path("teams/<str:team>/members/<str:username>", team_views.team_member, name="team-member"),
    path("teams/<str:team>/members/<str:username>/hand-over", team_views.member_hand_over, name="team-member-hand-over"),
    path("admin/people", people_views.people_page, name="people"),
    path("admin/people/<str:username>", people_views.person_page, name="person"),
    path("admin/people/<str:username>/active", people_views.person_active, name="person-active"),
    path("admin/people/<str:username>/roles", people_views.person_roles, name="person-roles"),
    path("admin/people/<str:username>/hand-over", people_views.person_hand_over, name="person-hand-over"),
    path("admin/teams", people_views.admin_teams, name="admin-teams"),
    path("admin/teams/<str:team>", people_views.admin_team, name="admin-team"),
    path("admin/roles", people_views.admin_roles, name="admin-roles"),
]
