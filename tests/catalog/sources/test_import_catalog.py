"""Importing a catalog: what becomes of each line, the second time, and after people edited."""

import json
import resource
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from catalog.cards.actions import save_card
from catalog.cards.models import CardRevision
from catalog.registry.actions import change_model
from catalog.registry.models import RegisteredModel
from catalog.search.queries import search
from catalog.sources.models import ImportedRecord, ImportRun
from marketplace.accounts.models import Team
from marketplace.activity.models import Event
from tests.factories import a_model, an_approved_version

pytestmark = pytest.mark.django_db
DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "catalog"


def line(number=1, **changes):
    """A record as catalogs have them."""
    return {
        "id": f"zoo--model-{number}", "source_repo": "zoo/models", "source_path": "a.yaml", "source_license": "mit", "name": f"Model {number}",
        "publisher": "Zoo", "description_md": "# A card\nwith **text**", "summary": "Sees things.", "task": "ocr", "tags": ["a", "b"],
        "framework": "onnx", "license": "mit", "library": "timm", "params": 1000, "modality": "image", "base_model": None, "datasets": ["d1"],
        "metrics": [{"name": "f1", "value": 0.9}], "version": "1", "url_host_stripped": None, "created": "2024-01-02",
    } | changes  # fmt: skip


@pytest.fixture
def run(tmp_path, cast, capsys):
    """Import these lines: `run([line()])` -> what was printed."""

    def go(lines, source="zoo", **options):
        file = tmp_path / "models.jsonl"
        file.write_text("\n".join(item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in lines), encoding="utf-8")
        call_command("import_catalog", str(file), source=source, **options)
        told = capsys.readouterr()
        return told.out + told.err

    return go


def test_a_record_becomes_a_listed_model_with_its_card(run, cast):
    assert "1 added" in run([line(params=2_800_000_000_000)])
    model = RegisteredModel.objects.get(external_id="zoo--model-1")
    assert (model.name, model.display_name, model.team.name, model.state, model.origin, model.kind) == (
        "Model-1",
        "Model 1",
        "zoo",
        "listed",
        "open",
        "files",
    )
    assert (model.parameters, model.license, model.tags, model.source) == (2_800_000_000_000, "mit", ["a", "b"], "zoo")
    card = model.card_revisions.get()
    assert (card.values["technical.task"], card.sources["technical.task"], card.is_rendered, card.author) == ("ocr", "imported", False, None)
    assert card.values["lineage.datasets"] == [{"name": "d1", "role": "training"}]
    assert model.imported_record.provenance["source_repo"] == "zoo/models"
    assert not model.versions.exists()
    hit = search(cast.bea, "model 1", {}).hits[0]
    assert (hit.model["name"], hit.standing) == ("Model-1", "listed")


def test_a_vendors_service_is_hosted(run):
    run([line(library="api", license="proprietary-api")])
    model = RegisteredModel.objects.get(source="zoo")
    assert (model.kind, model.origin) == ("hosted", "vendor")


def test_the_record_holds_every_model_and_the_end(run):
    run([line(n) for n in range(1, 4)])
    listed = [item for event in Event.objects.filter(verb="model.imported") for item in json.loads(event.body)["details"]["models"]]
    rows = ImportedRecord.objects.filter(source__name="zoo")
    assert {item["id"]: item["digest"] for item in listed} == {row.model_id: row.digest for row in rows}
    assert json.loads(Event.objects.get(verb="import.finished").body)["details"]["added"] == 3


def test_a_second_run_changes_nothing(run):
    run([line(1), line(2)])
    before = list(RegisteredModel.objects.filter(source="zoo").values()), list(CardRevision.objects.values()), list(ImportedRecord.objects.values())
    imported = Event.objects.filter(verb="model.imported").count()
    assert "0 added, 0 changed, 2 unchanged" in run([line(1), line(2)])
    assert before == (
        list(RegisteredModel.objects.filter(source="zoo").values()),
        list(CardRevision.objects.values()),
        list(ImportedRecord.objects.values()),
    )
    assert Event.objects.filter(verb="model.imported").count() == imported


def test_a_changed_line_updates_what_nobody_has_edited(run, cast):
    run([line(1)], team="finance-ml")
    model = RegisteredModel.objects.get(source="zoo")
    change_model(model, by=cast.paul, summary="Our words.")
    save_card(model, by=cast.paul, text="Our text", values={"legal.license": "apache-2.0", "use.intended_purpose": "Ours"})
    assert "1 changed" in run([line(1, summary="New words", task="asr", license="gpl-3.0", description_md="new text", tags=[], datasets=[])])
    model.refresh_from_db()
    assert (model.summary, model.task, model.license, model.tags) == ("Our words.", "asr", "apache-2.0", [])
    now = model.card_revisions.first()
    assert (now.number, now.text) == (4, "Our text")
    assert now.values["technical.task"] == "asr"
    assert (now.values["legal.license"], now.values["use.intended_purpose"]) == ("apache-2.0", "Ours")
    assert "lineage.datasets" not in now.values
    assert now.sources["legal.license"] == "human"
    assert search(cast.bea, "asr", {}).total == 1
    run([line(1, summary="Newest words", task="vqa", description_md="newest text")])
    model.refresh_from_db()
    assert (model.summary, model.task, model.card_revisions.first().text) == ("Our words.", "vqa", "Our text")


def saved_cards(model):
    """The events that tell of a saved card."""
    return [json.loads(event.body)["details"] for event in Event.objects.filter(verb="card.saved", subject_id=model.pk).order_by("pk")]


@pytest.mark.parametrize(("changes", "is_void"), [({"license": "cc-by-nc-4.0"}, True), ({"datasets": []}, True), ({"task": "asr"}, False)])
def test_an_approval_is_void_when_the_next_export_says_something_material_otherwise(run, cast, changes, is_void):
    run([line(1), line(2)], team="finance-ml")
    model, other = RegisteredModel.objects.filter(source="zoo").order_by("pk")
    version = an_approved_version(model, cast.nina)
    run([line(1, **changes), line(2, **changes)])
    version.refresh_from_db()
    assert (version.approvals.get().voided_at is not None, version.state) == (is_void, "expired" if is_void else "approved")
    key = {"license": "legal.license", "datasets": "lineage.datasets", "task": "technical.task"}[next(iter(changes))]
    assert saved_cards(model) == [{"revision": 2, "changed": [key]}]
    assert saved_cards(other) == []


def test_a_card_that_people_edited_is_told_of_when_the_source_changes_it(run, cast):
    run([line(1)], team="finance-ml")
    model = RegisteredModel.objects.get(source="zoo")
    save_card(model, by=cast.paul, values={"use.intended_purpose": "Ours"})
    run([line(1, task="asr")])
    assert saved_cards(model)[-1] == {"revision": 3, "changed": ["technical.task"]}


def test_lists_never_say_otherwise_than_a_card_that_people_made_theirs(run, cast):
    run([line(1)], team="finance-ml")
    model = RegisteredModel.objects.get(source="zoo")
    save_card(model, by=cast.paul, values={"legal.license": "mit"}, sources={"legal.license": "human"})
    run([line(1, license="gpl-3.0", task="asr")])
    model.refresh_from_db()
    assert (model.card_revisions.first().values["legal.license"], model.license, model.task) == ("mit", "mit", "asr")
    run([line(1, license="", task="")])
    model.refresh_from_db()
    assert (model.card_revisions.first().values["legal.license"], model.license, model.task) == ("mit", "mit", "")


def test_a_changed_text_is_rendered_anew(run):
    run([line(1)])
    run([line(1, description_md="other")])
    card = CardRevision.objects.filter(model__source="zoo").order_by("-number").first()
    assert (card.number, card.text, card.html, card.is_rendered) == (2, "other", "", False)


BROKEN = ["{", "[]", '"text"', '{"id": "x"}', '{"name": "x"}', '{"id": "x", "name": 5}', '{"id": "x", "name": "y", "params": -1}',
          '{"id": "x", "name": "y", "tags": "no list"}', '{"id": "x", "name": "y", "metrics": [1]}', '{"id": "' + "x" * 400 + '", "name": "y"}',
          '{"id": "x", "name": "y", "params": 1e300}', "[" * 100_000]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_line_is_named_and_skipped(run, broken):
    told = run([line(1), broken, line(3)])
    assert "line 2: skipped." in told
    assert "2 added" in told
    assert ImportRun.objects.get().broken[0]["line"] == 2


def test_an_id_that_comes_twice_is_named(run):
    assert "line 2: skipped. The id zoo--model-1 came before, in line 1." in run([line(1), line(1, name="Other")])


def test_names_that_clash_are_numbered_and_keep_their_number(run, cast):
    a_model(cast.finance_ml, cast.paul, "resnet-50")
    lines = [line(1, name="ResNet 50"), line(2, name="ResNet/50"), line(3, name="ResNet_50")]
    assert "2 names were taken" in run(lines, team="finance-ml")
    names = dict(RegisteredModel.objects.filter(source="zoo").values_list("external_id", "name"))
    assert names == {"zoo--model-1": "ResNet-50-2", "zoo--model-2": "ResNet-50-3", "zoo--model-3": "ResNet_50"}
    run([*reversed(lines)], team="finance-ml")
    assert dict(RegisteredModel.objects.filter(source="zoo").values_list("external_id", "name")) == names


@pytest.mark.parametrize("name", ["中文模型", "x" * 200, "a/b: c@d", "…", "Ünï\x00cøde", "-._", "model"])
def test_any_published_name_becomes_a_valid_one(run, name):
    run([line(1, name=name), line(2, name=name)])
    models = RegisteredModel.objects.filter(source="zoo")
    assert models.count() == 2
    for model in models:
        model.full_clean(exclude=["accountable", "created_by"])


def test_chinese_text_is_kept_and_found(run, cast):
    run([line(1, name="中文文本分类", summary="一个模型", description_md="这是请求的文本" * 500)])
    assert RegisteredModel.objects.get(source="zoo").display_name == "中文文本分类"
    assert search(cast.bea, "文本分类", {}).total == 1
    assert search(cast.bea, "请求", {}).total == 1
    assert search(cast.bea, "鲸鱼", {}).total == 0


def test_a_dry_run_writes_nothing(run):
    assert "2 would be added" in run([line(1), line(2, name="Model 1")], dry_run=True)
    assert not RegisteredModel.objects.exists()
    assert not Team.objects.filter(name="zoo").exists()
    run([line(1)])
    assert "0 would be added, 1 would be changed" in run([line(1, task="x")], dry_run=True)


def test_what_cannot_start_says_why(run, tmp_path):
    with pytest.raises(CommandError, match="no team nowhere"):
        run([line(1)], team="nowhere")
    with pytest.raises(CommandError, match="no file"):
        call_command("import_catalog", str(tmp_path / "missing.jsonl"), source="zoo")
    run([line(1)])
    with pytest.raises(CommandError, match="belong to team zoo"):
        run([line(1)], team="finance-ml")


@pytest.mark.full
@pytest.mark.skipif(not (DATA / "models.jsonl").is_file(), reason="../shared/data/catalog/models.jsonl is not beside this checkout")
def test_the_real_catalog_in_a_minute_of_cpu_and_again_without_a_change(cast, capsys):
    begin = resource.getrusage(resource.RUSAGE_SELF)
    call_command("import_catalog", str(DATA / "models.jsonl"), source="open-catalog")
    end = resource.getrusage(resource.RUSAGE_SELF)
    assert "9,923 added" in capsys.readouterr().out
    assert (end.ru_utime + end.ru_stime) - (begin.ru_utime + begin.ru_stime) <= 60
    assert RegisteredModel.objects.filter(source="open-catalog", state="listed").count() == 9923
    call_command("import_catalog", str(DATA / "models.jsonl"), source="open-catalog")
    assert "0 added, 0 changed, 9,923 unchanged" in capsys.readouterr().out
    assert search(cast.bea, "resnet 50", {}).total > 100
