"""What is done to models, versions, approvals, grants and aliases."""

from catalog.registry.actions.approvals import give_approval, void_approvals
from catalog.registry.actions.grants import ask_to_confirm, confirm_grant, end_grant, give_grant, limit_what_owners_give
from catalog.registry.actions.handing_over import end_grants_of, end_these, hand_over
from catalog.registry.actions.models import bring_in, change_model, keep_elsewhere, open_to_tracks, register_model
from catalog.registry.actions.service_accounts import change_accountable, create_service_account, end_service_account
from catalog.registry.actions.sharing import share_model
from catalog.registry.actions.use_cases import change_use_case, create_use_case
from catalog.registry.actions.versions import (
    add_version,
    change_version,
    freeze_version,
    remove_alias,
    set_alias,
    withdraw_version,
)
from catalog.registry.work import lock_version, move_version

__all__ = [
    "add_version",
    "ask_to_confirm",
    "bring_in",
    "change_accountable",
    "change_model",
    "change_use_case",
    "change_version",
    "confirm_grant",
    "create_service_account",
    "create_use_case",
    "end_grant",
    "end_grants_of",
    "end_service_account",
    "end_these",
    "freeze_version",
    "give_approval",
    "give_grant",
    "hand_over",
    "keep_elsewhere",
    "limit_what_owners_give",
    "lock_version",
    "move_version",
    "open_to_tracks",
    "register_model",
    "remove_alias",
    "set_alias",
    "share_model",
    "void_approvals",
    "withdraw_version",
]
