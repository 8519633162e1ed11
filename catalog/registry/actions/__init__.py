"""What is done to models, versions, approvals, grants and aliases."""

from catalog.registry.actions.approvals import give_approval, void_approvals
from catalog.registry.actions.grants import end_grant, give_grant
from catalog.registry.actions.handing_over import end_grants_of, hand_over
from catalog.registry.actions.models import bring_in, change_model, create_use_case, open_to_tracks, register_model
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
    "change_model",
    "change_version",
    "create_use_case",
    "end_grant",
    "end_grants_of",
    "freeze_version",
    "give_approval",
    "give_grant",
    "hand_over",
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
