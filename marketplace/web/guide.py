"""Sample values for the style guide; each component appears there in every state it can have."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from marketplace.web.states import LOOKS

DIGEST = "9f2c4be109c7a1d6b0e35a86c7f412d09e8b7a6c5d4e3f2a1b0c9d8e7f6071ab"
VERSION_STATES = (
    "draft", "validating", "validation_failed", "in_review", "changes_requested", "approved",
    "rejected", "expired", "suspended", "quarantined", "deprecated", "retired", "withdrawn",
)  # fmt: skip


class SampleForm(forms.Form):
    """A form with each kind of control."""

    name = forms.CharField(label="Name", help_text="Letters, digits, dot, hyphen; for example invoice-fields-v3.", max_length=96)
    purpose = forms.CharField(label="Purpose", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    task = forms.ChoiceField(label="Task", choices=[("ocr", "OCR"), ("text", "Text generation")])
    personal = forms.ChoiceField(label="Personal data", choices=[("yes", "Yes"), ("no", "No")], widget=forms.RadioSelect)
    terms = forms.BooleanField(label="I have the right to share these files")


def _options() -> list[dict[str, Any]]:
    tasks = (
        ("Text generation", 31), ("Document AI", 12), ("Token classification", 9), ("OCR", 6), ("Translation", 5),
        ("Summarization", 4), ("Image classification", 3), ("Speech recognition", 3), ("Table question answering", 2), ("Depth estimation", 1),
    )  # fmt: skip
    return [{"value": text.lower(), "text": text, "count": count, "checked": text == "Document AI"} for text, count in tasks]


def _checks() -> list[dict[str, Any]]:
    return [
        {"stage": "Integrity", "title": "Files match their digests", "outcome": "pass", "check": "digests"},
        {
            "stage": "Security", "title": "Pickle imports outside the allow-list", "outcome": "fail", "severity": "critical", "check": "pickle-safety",
            "where": "pytorch_model.bin, byte 1,204, opcode GLOBAL", "message": "Loading this file would run os.system.",
            "fix": "Save the weights as safetensors and publish a new version.", "evidence": "0x04b4 GLOBAL 'os system'\n0x04c0 MARK\n0x04c1 REDUCE",
        },
        {"stage": "License", "title": "License is known", "outcome": "warn", "severity": "medium", "check": "license", "message": "“llama3.1” restricts use above 700 M monthly users."},
        {"stage": "Function", "title": "Graph runs on generated inputs", "outcome": "error", "check": "onnx-run", "message": "The check took longer than 60 s. It counts as not passed.", "fix": "Run it again."},
        {"stage": "Function", "title": "Speech samples", "outcome": "na", "check": "audio"},
    ]  # fmt: skip


def _approvals() -> list[dict[str, Any]]:
    return [
        {"title": "Security", "state": "approved", "done": 1, "needed": 1, "text": "Approved by Ada Brandt, 21 Nov. Inputs unchanged since."},
        {
            "title": "Model risk", "state": "waiting", "done": 1, "needed": 2, "mine": True,
            "text": "You and 3 others can decide. Jonas Weil cannot: he submitted it.",
        },
        {"title": "Privacy", "state": "waiting", "done": 0, "needed": 1, "text": "Assigned to Priya Nair, due tomorrow.", "reopened": "the field “data class” changed"},
        {"title": "Ethics", "state": "changes_requested", "text": "Emil Novak: “Add the error rate for Swiss contracts.”", "url": "#approvals"},
    ]  # fmt: skip


def samples() -> dict[str, Any]:
    """Return everything the style guide shows."""
    now = timezone.now()
    return {
        "states": VERSION_STATES,
        "other_states": sorted(set(LOOKS) - set(VERSION_STATES)),
        "digest": DIGEST,
        "options": _options(),
        "few_options": _options()[:3],
        "checks": _checks(),
        "approvals": _approvals(),
        "moments": [
            now - timedelta(seconds=20), now - timedelta(minutes=5), now - timedelta(hours=3), now - timedelta(days=1),
            now - timedelta(days=6), now - timedelta(days=200), now + timedelta(hours=2), now + timedelta(days=3),
        ],
        "events": [
            {"title": "Checks passed", "text": "22 of 22", "by": "Validation", "at": now - timedelta(days=3), "tone": "success"},
            {"title": "Security approved", "by": "Ada Brandt", "at": now - timedelta(days=2), "tone": "success"},
            {"title": "Changes requested", "text": "The clock is paused.", "by": "Ethics", "at": now - timedelta(hours=5), "tone": "warning", "url": "#timeline", "url_text": "Show the difference"},
        ],
        "steps": [
            {"text": "Source", "state": "done", "url": "#stepper"}, {"text": "Files", "state": "done", "url": "#stepper"}, {"text": "About", "state": "now"},
            {"text": "Risk", "state": "next"}, {"text": "Check and submit", "state": "blocked", "note": "3 fields are missing"},
        ],
        "tabs": [
            {"text": "Card", "url": "#tabs", "current": True}, {"text": "Versions", "url": "#tabs", "count": 7}, {"text": "Files", "url": "#tabs", "count": 6},
            {"text": "Evaluation", "url": "#tabs"}, {"text": "Lineage", "url": "#tabs"}, {"text": "Usage", "url": "#tabs"}, {"text": "Governance", "url": "#tabs"}, {"text": "Discussion", "url": "#tabs", "count": 0},
        ],
        "crumbs": [{"text": "Catalog", "url": "/models"}, {"text": "finance-ml", "url": "/teams/finance-ml"}, {"text": "invoice-fields-v3"}],
        "facts": [
            {"label": "Approved until", "value": "3 Mar 2027"}, {"label": "Purposes", "value": "Document intake, archive search"},
            {"label": "Base model", "value": "layoutlmv3-base", "url": "#kv"}, {"label": "Last scan", "at": now - timedelta(hours=2)}, {"label": "Contact", "value": ""},
        ],
        "fields": [
            {"name": "team", "kind": "text", "required": True, "place": "path", "example": "finance-ml"},
            {"name": "limit", "kind": "whole number, 1 to 200; 50 when left out", "place": "query", "text": "How many at most", "example": "50"},
        ],
        "weeks": [240, 260, 250, 290, 280, 330, 310, 370, 350, 430, 410, 460],
        "snippet": "from huggingface_hub import snapshot_download\n\nsnapshot_download(\"finance-ml/invoice-fields-v3\", revision=\"production\")",
        "form": SampleForm(initial={"task": "ocr"}),
        "failed_form": SampleForm({"name": "", "task": "ocr"}, prefix="failed"),
    }  # fmt: skip
