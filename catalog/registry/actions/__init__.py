"""What is done to models, versions, approvals, grants and aliases."""

from catalog.registry.actions.approvals import give_approval, void_approvals
from catalog.registry.actions.grants import ask_to_confirm, confirm_grant, end_grant, give_grant
from catalog.registry.actions.models import bring_in, change_model, open_to_tracks, register_model
from catalog.registry.actions.use_cases import change_use_case, create_use_case
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
    "ask_to_confirm",
    "bring_in",
    "change_model",
    "change_use_case",
    "change_version",
    "confirm_grant",
    "create_use_case",
    "end_grant",
    "freeze_version",
    "give_approval",
    "give_grant",
    "move_version",
    "open_to_tracks",
    "register_model",
    "remove_alias",
    "set_alias",
    "settle_model",
    "void_approvals",
    "withdraw_version",
]
