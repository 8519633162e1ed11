"""What people do about access: ask, decide, answer, set rules, give back, say that it is still needed."""

from governance.access.actions.asking import answer_question, ask_for_access, withdraw_request
from governance.access.actions.deciding import decide_part, grant_together
from governance.access.actions.holding import give_back, say_still_needed
from governance.access.actions.ruling import set_access_rule

__all__ = [
    "answer_question",
    "ask_for_access",
    "decide_part",
    "give_back",
    "grant_together",
    "say_still_needed",
    "set_access_rule",
    "withdraw_request",
]
