"""Puts the demo world into a database; what is there already is left as it is."""

from collections.abc import Callable

from django.db import transaction

from catalog.registry.models import RegisteredModel
from governance.management.demo.access import tell_of_access
from governance.management.demo.filler import fill, missing_ideas
from governance.management.demo.further import FURTHER, leave_one_waiting
from governance.management.demo.history import without_a_worker
from governance.management.demo.leaver import let_one_leave
from governance.management.demo.named import NAMED
from governance.management.demo.people import People, settle_people
from governance.management.demo.programs import settle_programs
from governance.management.demo.sharing import share_some
from governance.management.demo.stories import Teller
from governance.management.demo.usage import write_usage
from governance.policies.actions import ensure_starter

DEFAULT_SIZE = 320
MOST = len(NAMED) + len(FURTHER) + 5_000
Say = Callable[[str], None]


def settle(size: int, *, say: Say) -> int:
    """Bring the demo world to this size; return how many models were added."""
    with transaction.atomic():
        people = settle_people()
        ensure_starter()
    new = tell_stories(people, say=say)
    ideas = missing_ideas(size)
    if ideas:
        say(f"Thinking up {len(ideas):,} further models …")
    with without_a_worker():
        fill(ideas, people, say=say)
        settle_programs(people)
    if new or ideas:
        say("A year of use …")
        write_usage(people)
    tell_of_access(people)
    if leave_one_waiting(people):
        new += 1
    share_some(people)
    let_one_leave(people)
    return new + len(ideas)


def tell_stories(people: People, *, say: Say) -> int:
    """Tell the stories that were not told yet, each whole or not at all."""
    known = {f"{team}/{name}" for team, name in RegisteredModel.objects.filter(team__name__in=people.teams).values_list("team__name", "name")}
    todo = {path: story for path, story in (NAMED | FURTHER).items() if path not in known}
    if todo:
        say(f"Telling {len(todo)} stories: upload, checks, reviews, decisions …")
    tell = Teller(people)
    with without_a_worker():
        for story in todo.values():
            with transaction.atomic():
                story(tell)
    return len(todo)
