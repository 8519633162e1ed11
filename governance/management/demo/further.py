"""The other models with a story: between them they stand everywhere a version and a review can stand."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any, cast

from django.utils import timezone

from catalog.registry.models import ModelVersion, RegisteredModel
from catalog.registry.work import end_approvals
from governance.management.demo.artifacts import Files, artifact_files
from governance.management.demo.cards import Story
from governance.management.demo.history import age_version, end_approvals_in_the_past, pass_last_day
from governance.management.demo.ideas import read_words
from governance.management.demo.named import BASE_SEED, UPSTREAM
from governance.management.demo.people import People
from governance.management.demo.stories import Subject, Teller, day_in, fresh, head, in_days, review_of
from governance.reviews.actions import comment, deprecate_version, give_waiver, retire_version, suspend_version, withdraw_review
from governance.reviews.models import Review

TECHNICAL = "Looked at the card and the files and tried twenty cases; it does what it says."


@cache
def said() -> dict[str, dict[str, Any]]:
    """Return what each team says about its model."""
    return cast("dict[str, dict[str, Any]]", read_words("further.yaml"))


def introduce(tell: Teller, path: str) -> RegisteredModel:
    """Register a model with a short card."""
    (team, name), told = path.split("/"), said()[path]
    story = Story(
        purpose=told["purpose"],
        users="Colleagues of the owner team and of the service that calls it.",
        affected="Nobody directly: a person sees each answer.",
        limits=told["limits"],
        result=tuple(told["result"]),
        metric=tuple(told["metric"]),
        **({"library": "onnxruntime", "architecture": "Stack of dense layers"} | told.get("story", {})),
    )
    paragraphs = [("What it does", f"{told['summary']} {told['purpose']}"), ("Limits", told["limits"])]
    where = {key: told[key] for key in ("tier", "modality") if key in told}
    return tell.introduce(
        Subject(
            team=team,
            name=name,
            by=told["by"],
            summary=told["summary"],
            story=story,
            paragraphs=paragraphs,
            task=told["task"],
            tags=told["tags"],
            facts=told.get("facts", {}),
            **where,
        )
    )


def one_version(tell: Teller, model: RegisteredModel, by: str, use: str, files: Files, *, version: str = "1.0.0", tier: str = "T3") -> ModelVersion:
    """Submit the only version of a model, and let the checks run."""
    made = tell.draft(model, version, by=by, files=files)
    return tell.submit(made, by=by, use_case=tell.use_case(use, team=model.team.name, by=by), tier=tier)


def totals(tell: Teller) -> None:
    """Approved: the second thing about invoices that sales may use at once."""
    model = introduce(tell, "finance-ml/supplier-invoice-totals")
    version = one_version(tell, model, "nina", "Document intake", artifact_files("onnx", 77, **head(model)))
    tell.vote(version, "timo", "technical", TECHNICAL)
    for team in ("sales", "claims-api"):
        tell.grant(version, to=team, by="paul")
    age_version(fresh(version), days=120)


def claims_triage(tell: Teller) -> None:
    """Approved, used, then suspended by security."""
    model = introduce(tell, "claims-api/claims-triage")
    version = one_version(tell, model, "ivo", "Claims intake", artifact_files("onnx", 2000, **head(model)), version="2.0.0")
    tell.vote(version, "tess", "technical", TECHNICAL)
    tell.grant(version, to="customer-care", by="ivo")
    age_version(fresh(version), days=250)
    suspend_version(fresh(version), reason="It sends every claim with a photo to one desk; stopped until the cause is known.", by=tell.people["ada"])
    tell.follow()


def reply_drafts(tell: Teller) -> None:
    """Quarantined: the file could run a command."""
    model = introduce(tell, "customer-care/reply-drafts")
    one_version(tell, model, "dario", "Answering letters", artifact_files("malicious", 13, **head(model)), version="0.1.0")


def demand_baseline(tell: Teller) -> None:
    """Its approval has ended, and the worker that looks for such things saw it."""
    model = introduce(tell, "supply-chain/demand-baseline")
    version = one_version(tell, model, "oskar", "Weekly planning", artifact_files("onnx", 410, **head(model)))
    tell.vote(version, "timo", "technical", TECHNICAL)
    age_version(fresh(version), days=570)
    end_approvals_in_the_past(version, days=12)
    end_approvals()
    tell.follow()


def chargebacks(tell: Teller) -> None:
    """A reviewer wants changes first."""
    model = introduce(tell, "risk-analytics/chargeback-score")
    version = one_version(tell, model, "felix", "Chargeback handling", artifact_files("onnx", 55, **head(model)))
    tell.vote(
        version,
        "timo",
        "technical",
        "Say in the limits how it does on disputes abroad: your own figures show twelve points less.",
        choice="request_changes",
    )


def press_tone(tell: Teller) -> None:
    """Taken back before anybody decided."""
    model = introduce(tell, "marketing-data/press-tone")
    version = one_version(tell, model, "maja", "Press review", artifact_files("onnx", 56, **head(model)))
    withdraw_review(review_of(version), by=tell.people["maja"])
    tell.follow()


def weld_seam(tell: Teller) -> None:
    """Its checks failed: the file ends too early."""
    model = introduce(tell, "quality-vision/weld-seam")
    whole = artifact_files("safetensors", 57, **head(model), architecture="ViTForImageClassification", model_type="vit")
    files = [(path, content[:-4096] if path.endswith(".safetensors") else content) for path, content in whole]
    one_version(tell, model, "vera", "Line 4 inspection", files)


def visit_forecast(tell: Teller) -> None:
    """Approved, deprecated, past its last day, retired by an owner and governance."""
    model = introduce(tell, "field-service/visit-forecast")
    version = one_version(tell, model, "frida", "Tour planning", artifact_files("onnx", 58, **head(model)))
    tell.vote(version, "timo", "technical", TECHNICAL)
    age_version(fresh(version), days=340)
    deprecate_version(
        fresh(version), by=tell.people["frida"], sunset_at=day_in(31), reason="The planning tool forecasts visits itself since this summer."
    )
    pass_last_day(version)
    retire_version(fresh(version), by=tell.people["frida"])
    retire_version(fresh(version), by=tell.people["gus"])
    tell.follow()


def transcribe(tell: Teller) -> None:
    """A vendor's service: no files here, and approved all the same."""
    descriptor = {
        "provider": "Meridian Speech", "endpoint": "https://api.meridian-speech.example/v2/transcribe", "snapshot": "transcribe-2026-05-04",
        "region": "eu-central", "contract": "C-2026-114", "retirement_date": day_in(400).isoformat(),
    }  # fmt: skip
    model = introduce(tell, "platform-ai/meridian-transcribe")
    made = tell.draft(model, "2026-05-04", by="pia", descriptor=descriptor, changelog="The snapshot of May.", upstream_commit="transcribe-2026-05-04")
    version = tell.submit(made, by="pia", use_case=tell.use_case("Call notes", team="platform-ai", by="pia"), tier="T2")
    tell.vote(version, "tess", "technical", "Our own sixty calls: eight wrong words in a hundred, which is enough for notes.")
    tell.vote(version, "sara", "security", "Region and contract are right; recordings are deleted after an hour, as the contract says.")
    for team in ("claims-api", "sales"):
        tell.grant(version, to=team, by="pia")
    age_version(fresh(version), days=150)


def alarm_groups(tell: Teller) -> None:
    """So harmless that the policy asks nobody."""
    model = introduce(tell, "it-operations/alarm-groups")
    one_version(tell, model, "igor", "Alarm sandbox", artifact_files("onnx", 59, **head(model)), tier="T4")


def churn_trees(tell: Teller) -> None:
    """Approved although it is a pickle: of plain numbers, and the check says so."""
    model = introduce(tell, "customer-care/churn-trees")
    version = one_version(tell, model, "dario", "Retention desk", artifact_files("pickle", 60, **head(model)))
    tell.vote(version, "tess", "technical", "A pickle of plain numbers; please move to ONNX with the next version.")
    age_version(fresh(version), days=90)


def refund_trees(tell: Teller) -> None:
    """Approved for customers although it is a pickle: governance waived that, and the approval ends with the waiver."""
    model = introduce(tell, "customer-care/refund-trees")
    version = one_version(tell, model, "dario", "Refunds", artifact_files("pickle", 67, **head(model)), tier="T2")
    why = "The library saves nothing else yet; its next version writes ONNX, and security read what the pickle imports."
    give_waiver(review_of(version), "pickle", by=tell.people["gus"], reason=why, until=in_days(80))
    tell.vote(version, "timo", "technical", "Repeated the figures on our own 300 requests; they hold.")
    tell.vote(version, "sven", "security", "Plain numbers and no import; read it twice. Move to ONNX before the waiver ends.")


def call_summary(tell: Teller) -> None:
    """In review: one of two tracks is through."""
    model = introduce(tell, "customer-care/call-summary")
    version = one_version(
        tell,
        model,
        "dario",
        "Handing over calls",
        artifact_files("safetensors", 61, **head(model), architecture="T5ForConditionalGeneration", model_type="t5"),
        tier="T2",
    )
    tell.vote(version, "timo", "technical", TECHNICAL)


def loan_default(tell: Teller) -> None:
    """In review at the strictest tier: one of three tracks is through."""
    model = introduce(tell, "risk-analytics/loan-default")
    version = one_version(tell, model, "felix", "Credit decisions", artifact_files("onnx", 62, **head(model)), tier="T1")
    tell.vote(version, "rita", "model_risk", "Sound method, honest about self-employed people; monitoring is planned for each month.")


def loss_photos(tell: Teller) -> None:
    """In review for too long: overdue."""
    model = introduce(tell, "claims-api/loss-photos")
    version = one_version(tell, model, "ivo", "Claims intake", artifact_files("onnx", 63, **head(model)))
    Review.objects.filter(version=version).update(opened_at=timezone.now() - timedelta(days=8), due_at=timezone.now() - timedelta(days=3))


def nda_compare(tell: Teller) -> None:
    """In review, being talked about."""
    model = introduce(tell, "legal-tech/nda-compare")
    version = one_version(tell, model, "jonas", "Checking agreements", artifact_files("onnx", 64, **head(model)))
    comment(review_of(version), "Does it say so when a page is missing?", by=tell.people["tess"])
    tell.follow()


def local_llama(tell: Teller) -> None:
    """The same file as another team's model, and nobody had told them."""
    model = introduce(tell, "claims-api/letter-llama")
    files = artifact_files("gguf", BASE_SEED, name="llama-3.1-8b-instruct", license="llama3.1", task="text-generation")
    made = tell.draft(model, "1.0.0", by="ivo", files=files, upstream_commit=UPSTREAM)
    tell.submit(made, by="ivo", use_case=tell.use_case("Letters", team="claims-api", by="ivo"))


def dunning_tone(tell: Teller) -> None:
    """A draft that is nearly ready."""
    model = introduce(tell, "finance-ml/dunning-tone")
    tell.draft(model, "0.1.0", by="nina", files=artifact_files("safetensors", 65, **head(model)))


def quote_helper(tell: Teller) -> None:
    """A draft that has just begun."""
    model = introduce(tell, "sales/quote-helper")
    tell.draft(model, "0.1.0", by="sonja")


def freight_eta(tell: Teller) -> None:
    """A draft that is submitted when everything else is in place."""
    model = introduce(tell, "supply-chain/freight-eta")
    tell.draft(model, "1.0.0", by="oskar", files=artifact_files("onnx", 66, **head(model)))


def leave_one_waiting(people: People) -> bool:
    """Submit one version and leave its checks to the worker, so that one can be seen at work."""
    version = ModelVersion.objects.filter(model__name="freight-eta", model__team=people.teams["supply-chain"], state="draft").first()
    if version is None:
        return False
    tell = Teller(people)
    tell.submit(version, by="oskar", use_case=tell.use_case("Gate planning", team="supply-chain", by="oskar"), run=False)
    return True


FURTHER: dict[str, Callable[[Teller], None]] = {
    "finance-ml/supplier-invoice-totals": totals,
    "claims-api/claims-triage": claims_triage,
    "customer-care/reply-drafts": reply_drafts,
    "supply-chain/demand-baseline": demand_baseline,
    "risk-analytics/chargeback-score": chargebacks,
    "marketing-data/press-tone": press_tone,
    "quality-vision/weld-seam": weld_seam,
    "field-service/visit-forecast": visit_forecast,
    "platform-ai/meridian-transcribe": transcribe,
    "it-operations/alarm-groups": alarm_groups,
    "customer-care/churn-trees": churn_trees,
    "customer-care/refund-trees": refund_trees,
    "customer-care/call-summary": call_summary,
    "risk-analytics/loan-default": loan_default,
    "claims-api/loss-photos": loss_photos,
    "legal-tech/nda-compare": nda_compare,
    "claims-api/letter-llama": local_llama,
    "finance-ml/dunning-tone": dunning_tone,
    "sales/quote-helper": quote_helper,
    "supply-chain/freight-eta": freight_eta,
}
