"""Versions that are ready to be submitted, with real files."""

from catalog.cards.models import CardRevision
from catalog.cards.schema import schema_for
from catalog.registry.actions import change_version
from catalog.registry.models import ModelVersion
from governance.policies.actions import ensure_starter
from tests.factories import a_card, a_file, a_model, a_use_case, a_version, safetensors

ANSWERS = {
    "T4": {"data_class": "public", "affected": "nobody", "autonomy": "advice", "exposure": "low", "purpose": "internal", "scope": "sandbox"},
    "T3": {"data_class": "internal", "affected": "employees", "autonomy": "advice", "exposure": "low", "purpose": "internal", "scope": "minimal"},
    "T2": {"data_class": "internal", "affected": "customers", "autonomy": "advice", "exposure": "low", "purpose": "internal", "scope": "minimal"},
    "T1": {"data_class": "internal", "affected": "customers", "autonomy": "advice", "exposure": "high", "purpose": "credit", "scope": "minimal"},
}
DESCRIPTOR = {"provider": "Acme", "endpoint": "https://api.example.com", "snapshot": "m-1", "region": "eu", "contract": "C-1"}


def whole_card(tier="T3", **options):
    """Values for every field that a tier asks before production, as a person would write them."""
    schema = schema_for(tier, **options)
    asked = {field.key: field.example for field in schema.fields if field.duty in "RAP" and field.auto != "computed"}
    return asked | {"security.remote_code": "no", "identity.origin": "internal"}


def ready(cast, tier="T3", *, files=None, card=None, kind="files", origin="internal", name="", **facts) -> ModelVersion:
    """A draft of finance-ml that owes nothing."""
    ensure_starter()
    model = a_model(cast.finance_ml, cast.nina, name, kind=kind, origin=origin, **({"task": "text-classification", "license": "apache-2.0"} | facts))
    version = a_version(model, cast.nina, descriptor=DESCRIPTOR if kind == "hosted" else None)
    for path, content in (files if files is not None else {"model.safetensors": safetensors(model.pk)} if kind == "files" else {}).items():
        a_file(version, content, path, by=cast.nina)
    # What the files tell nobody has to write.
    told = {"technical.parameter_count", "technical.precision"} if kind == "files" and files is None else set()
    values = whole_card(tier, third_party=origin != "internal", hosted=kind == "hosted") if card is None else card
    a_card(
        model,
        cast.nina,
        **({"identity.origin": origin} if card is None else {}) | {k: v for k, v in values.items() if k not in told | {"identity.origin"}},
    )
    use_case = a_use_case(cast.finance_ml, cast.nina)
    environment = "test" if tier == "T4" else "production"
    data_class = "public" if tier == "T4" else "internal"
    return change_version(version, by=cast.nina, use_case=use_case, answers=ANSWERS[tier], environment=environment, data_class=data_class)


def edited_card(version, by, **values) -> CardRevision:
    """The next card revision: the newest one with some values changed."""
    last = CardRevision.objects.filter(model=version.model).order_by("-number").first()
    merged = {key: value for key, value in (last.values | values).items() if value is not None}
    return a_card(version.model, by, **merged)
