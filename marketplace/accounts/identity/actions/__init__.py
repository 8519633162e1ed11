"""People of the directory: they come, get the places their groups give, and leave. And what anybody does about their own sign-in."""

from marketplace.accounts.identity.actions.entering import ASK, BY_DIRECTORY, close_out, enter, free_username, link_identity, spend_assertion
from marketplace.accounts.identity.actions.factors import (
    end_session,
    forget_ended_sessions,
    forget_second_factors,
    note_second_factor,
    remember_counter,
)
from marketplace.accounts.identity.actions.placing import place

__all__ = [
    "ASK",
    "BY_DIRECTORY",
    "close_out",
    "end_session",
    "enter",
    "forget_ended_sessions",
    "forget_second_factors",
    "free_username",
    "link_identity",
    "note_second_factor",
    "place",
    "remember_counter",
    "spend_assertion",
]
