"""Fills the fields of a card for models of the demo world, from a few sentences, as a careful team would."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from governance.management.demo.ideas import Idea
from governance.validation.checks.metrics import less_is_better


@dataclass(frozen=True)
class Story:
    """What somebody says about a model; everything else of its card follows from it."""

    purpose: str
    users: str
    affected: str
    limits: str
    result: tuple[str, str]
    metric: tuple[str, float]
    given: tuple[str, str] = ("text", "The text as it came in")
    base: str = "none"
    relation: str = "none"
    data: str = "Own examples of the last two years"
    approach: str = "supervised"
    architecture: str = "BertForSequenceClassification"
    library: str = "transformers"
    license: str = "proprietary"
    owner: str = "The owner team"
    outside: str = "Any decision about a person, and anything it was not tested on."
    generates: bool = False
    more: Mapping[str, object] = field(default_factory=dict)


def story_of(idea: Idea) -> Story:
    """Return what a further model says about itself."""
    libraries = {"onnx": "onnxruntime", "gguf": "llama.cpp", "pickle": "scikit-learn", "safetensors": "transformers"}
    shapes = {"onnx": "Stack of dense layers", "gguf": "llama", "pickle": "Gradient boosted trees", "safetensors": "BertForSequenceClassification"}
    return Story(
        purpose=f"It {idea.about['does']}, for {idea.about['who']} who work with {idea.about['thing']}.",
        users=idea.about["Who"],
        affected=f"Nobody directly: {idea.about['who']} look at every answer.",
        limits=" ".join(idea.trade["weak"]),
        result=(idea.trade["gives"][0], idea.trade["gives"][1]),
        metric=idea.metric,
        library=libraries[idea.kind],
        architecture=shapes[idea.kind],
        data=f"{idea.about['rows']} examples from {idea.about['years']}",
        owner=idea.team,
        # A pickle tells nobody how large it is, because nobody loads it.
        more={"technical.parameter_count": 24_000 + idea.number, "technical.precision": ["float32"]} if idea.kind == "pickle" else {},
    )


def basic(story: Story, *, today: date) -> dict[str, object]:
    """Return the values that every tier above the sandbox asks before a submit."""
    name, value = story.metric
    return {
        "classification.eu_ai_act_role": "provider" if story.base == "none" else "both",
        "classification.eu_ai_act_rationale": "It supports people at their work and takes no decision about anybody.",
        "use.intended_purpose": story.purpose,
        "use.intended_users": story.users,
        "use.affected_groups": story.affected,
        "use.out_of_scope_uses": story.outside,
        "use.instructions": "Load the file with the library named below, send one case at a time, read the result.",
        "use.foreseeable_misuse": "Taking its answer for a fact, or using it to judge how people work.",
        "technical.approach": story.approach,
        "technical.architecture": story.architecture,
        "technical.library": story.library,
        "technical.inputs": [{"name": story.given[0], "type": "string", "meaning": story.given[1]}],
        "technical.outputs": [{"name": story.result[0], "type": "string", "meaning": story.result[1]}],
        "technical.software": [{"name": story.library, "version": "the one named in the files"}],
        "technical.hardware": "One processor core and a gigabyte of memory.",
        "technical.runtime_cost": "A few euros for a million cases.",
        "lineage.base_model": [story.base],
        "lineage.base_relation": story.relation,
        "lineage.datasets": [{"name": story.data, "role": "training", "license": "own data", "size": "see the text"}],
        "lineage.personal_data_statement": "Names were removed before training; nothing of others was copied.",
        "lineage.source_code": "git.example.com/models, tagged with the version",
        "lineage.training_run": "run log kept by the owner team",
        "legal.license": story.license,
        "legal.use_restrictions": "Inside the organization only." if story.license == "proprietary" else "As the license says.",
        "legal.export_flags": "none",
        "evaluation.metrics": [
            {"name": name, "value": value, "threshold": _threshold(name, value), "dataset": "held back test set", "date": today.isoformat()}
        ],
        "evaluation.metrics_rationale": "It is the figure that those who use the model asked for.",
        "risk.limitations": story.limits,
        "risk.risks": [_risk(story)],
        "security.threats": "Input that was written to steer the answer.",
        "security.secrets_handling": "Inputs are not kept.",
        "operation.deployment_forms": ["service", "batch job"],
        "lifecycle.next_review": (today + timedelta(days=365)).isoformat(),
        "lifecycle.review_rationale": "The data changes slowly and a person sees every answer.",
        **story.more,
    }


def _threshold(name: str, value: float) -> float:
    """Return from which value on the owner team calls it good: a twentieth worse than what was reached."""
    return round(value * (1.05 if less_is_better(name) else 0.95), 3)


def _risk(story: Story) -> dict[str, str]:
    return {
        "name": "Wrong answer taken for right",
        "likelihood": "medium",
        "impact": "low",
        "mitigation": "A person sees the case beside the answer.",
        "residual": "low",
        "owner": story.owner,
    }


def complete(story: Story, *, today: date) -> dict[str, object]:
    """Return everything that the strict tiers ask before an approval."""
    name, value = story.metric
    return {
        "use.connected_systems": ["case management"],
        "technical.design_choices": "A simple model that can be explained was preferred to half a point of accuracy.",
        "technical.training_method": "Trained in one evening with early stopping on a tenth of the data.",
        "technical.hyperparameters": [{"name": "learning_rate", "value": "2e-5"}],
        "technical.compute": "Four GPU hours",
        "technical.energy_kwh": 3.4,
        "technical.co2_kg": 1.2,
        "technical.planned_changes": "Retrained each quarter with the same script; the same tests decide.",
        "lineage.data_preparation": "Sampled by month; labels by two people each, a third one where they differed.",
        "legal.contract": "none",
        "legal.data_processing_agreement": "DPA-2026-07",
        "evaluation.disaggregated": [{"group": "first year customers", "metric": name, "value": round(value * 0.97, 3), "size": 800}],
        "evaluation.robustness": "Typing errors and missing fields cost two points.",
        "evaluation.benchmark": "The rules that were used before reach three quarters of it.",
        "evaluation.genai_safety": [{"test": "jailbreak", "value": 0.02, "dataset": "own prompts", "date": today.isoformat()}],
        "evaluation.test_reports": ["report of the owner team, kept with the run log"],
        "risk.fairness": [{"group": "first year customers", "benefits": "faster answers", "harms": "more doubt", "mitigation": "a person looks"}],
        "risk.impact_assessment": "AIIA-2026-11",
        "risk.dpia": "DPIA-2026-04",
        "risk.explainability": "The three strongest reasons are shown beside each answer.",
        "risk.ethics": "It must not be used to compare people.",
        "operation.oversight": "The service desk can switch it off in a minute; work goes on by hand.",
        "operation.environments": ["production-eu"],
        "operation.monitoring": [{"metric": name, "threshold": "five points down", "cadence": "monthly", "owner": story.owner}],
        "operation.log_retention": "13 months",
        "operation.fallback": "By hand, as before.",
        "operation.incident_contact": "models-oncall@example.com",
        "operation.known_incidents": [{"what": "none"}],
        "compliance.standards": ["ISO/IEC 42001"],
        "compliance.controls": [{"framework": "NIST AI RMF", "control": "MAP 1.1", "how": "See intended use."}],
        "compliance.declaration": "DOC-2026-03",
    }


def text_of(title: str, paragraphs: Sequence[tuple[str, str]]) -> str:
    """Write a card's text from headings with their paragraphs."""
    return "\n".join([f"# {title}", "", *(line for heading, words in paragraphs for line in (f"## {heading}", words, ""))])
