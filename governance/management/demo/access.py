"""Access in the demo world: requests in every state, asked and decided by its people through the actions."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from catalog.registry.actions import add_version, change_version
from catalog.registry.models import AccessGrant, ModelVersion, RegisteredModel
from governance.access import work
from governance.access.actions import answer_question, ask_for_access, decide_part, set_access_rule, withdraw_request
from governance.access.models import AccessPart, AccessRequest
from governance.management.demo.history import without_a_worker
from governance.management.demo.people import People
from governance.management.demo.stories import ANSWERS, Teller, day_in, fresh
from governance.validation.actions import submit
from marketplace.accounts.models import Team, User

INVOICE, TOTALS, LEADS, CALLS = (
    "finance-ml/invoice-fields-v3", "finance-ml/supplier-invoice-totals", "sales/lead-score", "platform-ai/meridian-transcribe",
)  # fmt: skip
QUESTIONS: list[dict[str, Any]] = [
    {"key": "system", "label": "Which system will call it?", "kind": "text", "required": True},
    {"key": "country", "label": "From which country do the documents come?", "kind": "country", "required": True},
    {"key": "stored", "label": "Where do results go?", "kind": "choice", "options": ["Nowhere", "Our own database", "Another team"]},
    {"key": "person_looks", "label": "A person looks at each result", "kind": "checkbox"},
]


def model_at(path: str) -> RegisteredModel:
    """Return a model by `team/name`, as it is now."""
    team, name = path.split("/")
    return RegisteredModel.objects.select_related("team").get(team__name=team, name=name)


class Clerk:
    """Asks and decides for the people of the demo world."""

    def __init__(self, people: People) -> None:
        self.people, self.tell = people, Teller(people)

    def ask(self, path: str, by: str, *, team: str = "", person: str = "", days: int = 120, **more: Any) -> AccessPart:
        """Ask for what the newest version of a model that is approved may be used for."""
        model = model_at(path)
        approved = ModelVersion.objects.filter(model=model, state="approved").select_related("use_case").order_by("-pk")
        version = approved.get() if approved.count() == 1 else approved[0]
        wish: dict[str, Any] = {"use_case": version.use_case, "environment": version.environment, "data_class": version.data_class} | more
        subject: dict[str, User | Team] = {"user": self.people[person]} if person else {"team": self.people.teams[team]}
        request = ask_for_access([model], by=self.people[by], until=day_in(days), **subject, **wish)  # type: ignore[arg-type]
        self.tell.follow()
        return self.part(request)

    def decide(self, part: AccessPart, by: str, choice: str, reason: str, *, step: str = "owner", **more: Any) -> AccessPart:
        """Decide on a part."""
        decide_part(part, by=self.people[by], step=step, choice=choice, reason=reason, **more)
        self.tell.follow()
        return self.part(part.request)

    def part(self, request: AccessRequest) -> AccessPart:
        """Return the part of a request, as it is now."""
        return AccessPart.objects.select_related("model__team", "request").get(request=request)


def calls_with_names(tell: Teller) -> None:
    """Let the vendor's transcriber be approved for calls in which people are named, so that data privacy has something to decide."""
    model, pia = model_at(CALLS), tell.people["pia"]
    earlier = ModelVersion.objects.filter(model=model).order_by("-pk")[0]
    descriptor = {**(earlier.descriptor or {}), "snapshot": "transcribe-2026-09-30"}
    made = add_version(model, "2026-09-30", by=pia, descriptor=descriptor, changelog="The snapshot of September.")
    answers = ANSWERS["T2"] | {"data_class": "personal"}
    change_version(made, by=pia, use_case=earlier.use_case, environment="production", data_class="personal", answers=answers)
    tell.check(submit(fresh(made), by=pia))
    tell.vote(fresh(made), "tess", "technical", "The same sixty calls as in May: seven wrong words in a hundred.")
    tell.vote(fresh(made), "sara", "security", "The addendum on personal data is signed; recordings are deleted after an hour.")


def tell_of_access(people: People) -> int:
    """Ask and decide, unless that was done already; return how many requests there are now that were not there before."""
    if AccessRequest.objects.exists():
        return 0
    clerk = Clerk(people)
    with without_a_worker(), transaction.atomic():
        calls_with_names(clerk.tell)
        clerk.tell.follow()
        waiting(clerk)
        decided(clerk)
        still_needed(clerk)
    return AccessRequest.objects.count()


def waiting(clerk: Clerk) -> None:
    """What is open: two for the same use, one overdue, one with a question, one answered, one for data privacy, one for a program."""
    clerk.ask(INVOICE, "wanda", team="supply-chain", volume="300 invoices a day", note="Freight invoices, before they are booked.")
    clerk.ask(INVOICE, "frida", team="field-service", environment="test", volume="A few to try it")
    late = clerk.ask(LEADS, "frida", team="field-service", volume="2,000 contacts a day")
    AccessRequest.objects.filter(pk=late.request.pk).update(created_at=F("created_at") - timedelta(days=9))
    AccessPart.objects.filter(pk=late.pk).update(due_at=F("due_at") - timedelta(days=9))
    asked = clerk.ask(LEADS, "jonas", team="legal-tech", environment="dev")
    clerk.decide(asked, "sonja", "ask", "Which scores of yours will it be compared with?")
    answered = clerk.ask(LEADS, "maja", team="marketing-data", environment="test")
    clerk.decide(answered, "sonja", "ask", "Will customers see an order that depends on it?")
    answer_question(clerk.part(answered.request), "No. Only the plan of the next campaign depends on it.", by=clerk.people["maja"])
    clerk.tell.follow()
    private = clerk.ask(CALLS, "clara", team="customer-care", volume="80 hours of calls a day", note="Callers say their names and numbers.")
    clerk.decide(private, "pia", "grant", "Fine with us; the contract covers it.", until=day_in(90))


def decided(clerk: Clerk) -> None:
    """What is closed: at once by the rule, shortened, denied, withdrawn."""
    rule: dict[str, Any] = {"is_automatic": True, "environment": "test", "data_class": "internal", "review_days": 180, "questions": QUESTIONS}
    set_access_rule(model_at(TOTALS), by=clerk.people["paul"], **rule)
    answers = {TOTALS: {"system": "Camera line 4", "country": "AT", "stored": "Nowhere", "person_looks": True}}
    clerk.ask(TOTALS, "quentin", team="quality-vision", environment="test", answers=answers)
    clerk.decide(clerk.ask(INVOICE, "igor", team="it-operations", days=300), "petra", "grant", "For the archive only.", until=day_in(60))
    denied = clerk.ask(LEADS, "stan", person="stan", environment="dev")
    clerk.decide(denied, "sonja", "deny", "Say first which team it is for; a score is used by a team that answers for it.")
    withdraw_request(clerk.ask(LEADS, "quentin", team="quality-vision").request, by=clerk.people["quentin"])
    clerk.tell.follow()


def still_needed(clerk: Clerk) -> None:
    """Let one grant be so old that its holders are asked whether it is still needed."""
    grants = AccessGrant.objects.filter(thing=model_at(INVOICE), team=clerk.people.teams["sales"], ended_at=None)
    grants.update(created_at=F("created_at") - timedelta(days=181))
    work.watch_over_use()
