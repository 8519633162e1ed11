"""The rules of a policy, pure: answers and facts to a tier, and a tier to the tracks that have to agree."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from governance.policies.reading import PolicyError, read_policy

__all__ = [
    "SEVERITIES", "TIERS", "AccessTerms", "Policy", "PolicyError", "Question", "Requirements", "Rule", "TierResult", "TrackNeed", "auto_approves",
    "load_policy", "starter_text", "tier_of", "tracks_for", "waiver_needed",
]  # fmt: skip

Tier = Literal["T1", "T2", "T3", "T4"]
TIERS: tuple[Tier, ...] = ("T1", "T2", "T3", "T4")
SEVERITIES = ("info", "low", "medium", "high", "critical")
_FACT = "fact."


@dataclass(frozen=True, slots=True)
class Question:
    """One plain-language question about the use, with its options as (value, words)."""

    key: str
    title: str
    help: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A tier that applies when every named answer or fact is one of the listed values."""

    tier: Tier
    when: tuple[tuple[str, frozenset[str]], ...]
    because: str
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class TrackNeed:
    """A track that has to agree, and how many people of it."""

    key: str
    title: str
    quorum: int


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a tier asks of a version before and after its approval."""

    tracks: tuple[TrackNeed, ...]
    fallback_tracks: tuple[TrackNeed, ...]
    valid_days: int
    stop_grace_days: int
    decision_days: int
    waivers: frozenset[str]
    waiver_needed: frozenset[str]
    auto_approve_below: str = ""


@dataclass(frozen=True, slots=True)
class AccessTerms:
    """How long access may last, how long it usually does, and how soon a request is decided; the values of a policy that does not say."""

    longest_days: int = 365
    default_days: int = 180
    decide_in_working_days: int = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy as published."""

    name: str
    version: int
    questions: tuple[Question, ...]
    facts: tuple[tuple[str, frozenset[str]], ...]
    rules: tuple[Rule, ...]
    requirements: tuple[tuple[Tier, Requirements], ...]
    access: AccessTerms = AccessTerms()

    def requires(self, tier: Tier) -> Requirements:
        """Return what the tier asks."""
        return dict(self.requirements)[tier]

    def options(self, name: str) -> frozenset[str]:
        """Return the values that an answer or a `fact.` may have."""
        if name.startswith(_FACT):
            return dict(self.facts)[name.removeprefix(_FACT)]
        return next(frozenset(dict(question.options)) for question in self.questions if question.key == name)


@dataclass(frozen=True, slots=True)
class TierResult:
    """The tier, why, and whether the use is forbidden whatever reviewers think."""

    tier: Tier
    because: list[str]
    blocked: bool = False


def starter_text() -> str:
    """Return the YAML of the policy that a new organization starts with."""
    return Path(__file__).with_name("starter.yaml").read_text(encoding="utf-8")


def load_policy(text: str) -> Policy:
    """Read a policy; `PolicyError` names every mistake with its place."""
    source = read_policy(text)
    titles = cast("Mapping[str, str]", source["tracks"])
    return Policy(
        name=str(source["name"]),
        version=cast("int", source["version"]),
        questions=tuple(_question(item) for item in cast("Sequence[Mapping[str, object]]", source["questions"])),
        facts=tuple((name, frozenset(values)) for name, values in cast("Mapping[str, list[str]]", source["facts"]).items()),
        rules=tuple(_rule(item) for item in cast("Sequence[Mapping[str, object]]", source["tiers"])),
        requirements=tuple((tier, _requirements(cast("Mapping[str, Mapping[str, object]]", source["requirements"])[tier], titles)) for tier in TIERS),
        access=_access(cast("Mapping[str, int]", source.get("access", {}))),
    )


def _access(item: Mapping[str, int]) -> AccessTerms:
    terms = AccessTerms(**item)
    return terms if terms.default_days <= terms.longest_days else replace(terms, default_days=terms.longest_days)


def _question(item: Mapping[str, object]) -> Question:
    options = cast("Mapping[str, str]", item["options"])
    return Question(str(item["key"]), str(item["title"]), str(item["help"]), tuple(options.items()))


def _rule(item: Mapping[str, object]) -> Rule:
    when = cast("Mapping[str, list[str]]", item.get("when", {}))
    conditions = tuple((name, frozenset(values)) for name, values in when.items())
    return Rule(cast("Tier", item["tier"]), conditions, str(item["because"]), item.get("blocked") is True)


def _requirements(item: Mapping[str, object], titles: Mapping[str, str]) -> Requirements:
    def needs(key: str) -> tuple[TrackNeed, ...]:
        return tuple(TrackNeed(track, titles[track], quorum) for track, quorum in cast("Mapping[str, int]", item.get(key, {})).items())

    return Requirements(
        tracks=needs("tracks"),
        fallback_tracks=needs("fallback_tracks"),
        valid_days=cast("int", item["valid_days"]),
        stop_grace_days=cast("int", item["stop_grace_days"]),
        decision_days=cast("int", item["decision_days"]),
        waivers=frozenset(cast("list[str]", item["waivers"])),
        waiver_needed=frozenset(cast("list[str]", item["waiver_needed"])),
        auto_approve_below=str(item.get("auto_approve_below", "")),
    )


def tier_of(answers: Mapping[str, object], facts: Mapping[str, object], policy: Policy) -> TierResult:
    """Return the tier of a use and why.

    What nobody answered, or answered with something unknown, counts as every option. Among all readings the strictest tier wins, so a
    missing answer can make the tier stricter and never more lenient.
    """
    readings = _readings(answers, facts, policy)
    firm = next(rule for rule in policy.rules if _holds(rule, readings, policy, certain=True))
    possible = [rule for rule in policy.rules if _holds(rule, readings, policy, certain=False)]
    # Forbidden is only what was said: silence makes the tier strict, it does not accuse. A rule after the first certain one cannot apply.
    possible = [rule for rule in possible[: possible.index(firm) + 1] if rule is firm or not rule.blocked]
    rule = min(possible, key=lambda candidate: TIERS.index(candidate.tier))
    because = [rule.because]
    open_names = [name for name, _ in rule.when if len(readings[name]) > 1]
    if open_names:
        because.append(f"Not answered yet, so the strictest answer counts: {', '.join(_title(name, policy) for name in open_names)}")
    return TierResult(rule.tier, because, blocked=rule.blocked)


def _readings(answers: Mapping[str, object], facts: Mapping[str, object], policy: Policy) -> dict[str, frozenset[str]]:
    """Return for every question and fact the values it may have."""
    given = {question.key: answers.get(question.key) for question in policy.questions}
    given |= {_FACT + name: facts.get(name) for name, _ in policy.facts}
    return {name: _reading(value, policy.options(name)) for name, value in given.items()}


def _reading(value: object, options: frozenset[str]) -> frozenset[str]:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return frozenset({value}) if isinstance(value, str) and value in options else options


def _holds(rule: Rule, readings: Mapping[str, frozenset[str]], policy: Policy, *, certain: bool) -> bool:
    if certain:
        return all(readings[name] <= values for name, values in rule.when)
    return all(readings[name] & values for name, values in rule.when)


def _title(name: str, policy: Policy) -> str:
    if name.startswith(_FACT):
        return name.removeprefix(_FACT).replace("_", " ")
    return next(question.title for question in policy.questions if question.key == name)


def auto_approves(tier: Tier, worst_finding: str, policy: Policy) -> bool:
    """Whether a version of the tier is approved without a person; `worst_finding` is a severity, or empty when there is no finding."""
    limit = policy.requires(tier).auto_approve_below
    if not limit:
        return False
    # A severity nobody knows is the worst there is.
    rank = -1 if worst_finding == "" else (SEVERITIES.index(worst_finding) if worst_finding in SEVERITIES else math.inf)
    return rank < SEVERITIES.index(limit)


def tracks_for(tier: Tier, facts: Mapping[str, object], policy: Policy) -> tuple[TrackNeed, ...]:
    """Return the tracks that have to agree; none only where the policy approves automatically with these findings.

    `facts["worst_finding"]` is the highest severity found (empty: nothing was found). When it is missing, nothing is automatic.
    """
    needed = policy.requires(tier)
    worst = facts.get("worst_finding")
    if isinstance(worst, str) and auto_approves(tier, worst, policy):
        return ()
    return needed.tracks or needed.fallback_tracks


def waiver_needed(tier: Tier, matter: str, policy: Policy) -> bool | None:
    """Say whether the matter (such as a pickle) needs a waiver in the tier; None when no waiver is possible there."""
    needed = policy.requires(tier)
    if matter in needed.waiver_needed:
        return True
    return False if matter in needed.waivers else None
