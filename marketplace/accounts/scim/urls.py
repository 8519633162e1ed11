"""The addresses below /scim/v2."""

from django.urls import path

from marketplace.accounts.scim import api, schemas

urlpatterns = [
    path("ServiceProviderConfig", api.Provider.as_view(), name="scim-provider"),
    path("ResourceTypes", api.Described.as_view(found=schemas.resource_types), name="scim-resource-types"),
    path("ResourceTypes/<str:name>", api.Described.as_view(found=schemas.resource_types), name="scim-resource-type"),
    path("Schemas", api.Described.as_view(), name="scim-schemas"),
    path("Schemas/<str:name>", api.Described.as_view(), name="scim-schema"),
    path("Users", api.Users.as_view(), name="scim-users"),
    path("Users/<str:uid>", api.UserView.as_view(), name="scim-user"),
    path("Groups", api.Groups.as_view(), name="scim-groups"),
    path("Groups/<str:uid>", api.GroupView.as_view(), name="scim-group"),
    path("<path:rest>", api.Elsewhere.as_view(), name="scim-elsewhere"),
]
