"""What is done to models, versions, approvals, grants and aliases."""

from catalog.registry.actions.approvals import give_approval, void_approvals
from catalog.registry.actions.grants import end_grant, give_grant
from catalog.registry.actions.models import bring_in, change_model, create_use_case, open_to_tracks, register_model
from catalog.registry.actions.service_accounts import change_accountable, create_service_account, end_service_account
from catalog.registry.actions.sharing import share_model
from catalog.registry.actions.versions import (
    add_version,
    change_version,
    freeze_version,
    move_version,
    remove_alias,
    set_alias,
    settle_model,
    withdraw_version,
)

__all__ = [
    "add_version",
    "bring_in",
    "change_accountable",
    "change_model",
    "change_version",
    "create_service_account",
    "create_use_case",
    "end_grant",
    "end_service_account",
    "freeze_version",
    "give_approval",
    "give_grant",
    "move_version",
    "open_to_tracks",
    "register_model",
    "remove_alias",
    "set_alias",
    "settle_model",
    "share_model",
    "void_approvals",
    "withdraw_version",
]
