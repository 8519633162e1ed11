"""What a worker does with a run: take it under a lease, ask every check, write each answer, finish it together with its version.

Any number of workers may be told of the same run. A lease by the database's clock lets one of them work; its number, the fence, grows with
every lease and guards every write, so that a worker that was thought dead cannot spoil the work of the next.
"""

from governance.validation.work.ending import finish, give_up, named_rules
from governance.validation.work.leasing import LEASE, MOST_ATTEMPTS, Lease, LeaseLostError, hold, mark_rung, take
from governance.validation.work.memory import clear_old_answers
from governance.validation.work.rescanning import ask_for_rescans
from governance.validation.work.running import run_checks, see_through
from governance.validation.work.writing import MOST_FINDINGS, keep, plain, rows_of

__all__ = [
    "LEASE",
    "MOST_ATTEMPTS",
    "MOST_FINDINGS",
    "Lease",
    "LeaseLostError",
    "ask_for_rescans",
    "clear_old_answers",
    "finish",
    "give_up",
    "hold",
    "keep",
    "mark_rung",
    "named_rules",
    "plain",
    "rows_of",
    "run_checks",
    "see_through",
    "take",
]
