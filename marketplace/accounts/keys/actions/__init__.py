"""What is done to tokens and trusted publishers."""

from marketplace.accounts.keys.actions.ending import end_tokens_of_leaver, end_tokens_of_leavers, revoke_token, revoke_tokens
from marketplace.accounts.keys.actions.issuing import MAX_TOKEN_DAYS, issue_token, note_token_use, rotate_token
from marketplace.accounts.keys.actions.publishing import add_publisher, exchange_assertion, remove_publisher

__all__ = [
    "MAX_TOKEN_DAYS",
    "add_publisher",
    "end_tokens_of_leaver",
    "end_tokens_of_leavers",
    "exchange_assertion",
    "issue_token",
    "note_token_use",
    "remove_publisher",
    "revoke_token",
    "revoke_tokens",
    "rotate_token",
]
