"""Verbs, tasks, schedules, templates, components and tables: everything named somewhere exists, and the other way round."""

import ast
import re

import pytest
from celery import current_app
from django.apps import apps
from django.core.management import call_command
from django.template.loader import get_template

from marketplace.activity.verbs import VERBS
from marketplace.celery import app
from tests.architecture.source import BUILDINGS, FILES, ROOT, name, tree

COMPONENTS = sorted((ROOT / "templates/cotton").glob("[a-z]*.html"))
PAGES = sorted(p for p in (ROOT / "templates").rglob("*.html") if "cotton" not in p.parts)
MODELS = [m for b in BUILDINGS for m in apps.get_app_config(b).get_models()]
SOURCE = "\n".join(p.read_text() for p in FILES)


def recorded():
    """Verbs that some code records."""
    return {v for v in VERBS if f'"{v}"' in SOURCE.replace((ROOT / "marketplace/activity/verbs.py").read_text(), "")}


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_is_recorded_somewhere(verb):
    assert verb in recorded(), "nothing records it: remove the verb"
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", verb)


def test_tasks_have_limits_and_their_schedule_exists():
    app.loader.import_default_modules()
    ours = {n: t for n, t in current_app.tasks.items() if n.startswith(BUILDINGS)}
    assert ours
    for task in ours.values():
        assert all((task.time_limit, task.soft_time_limit, task.acks_late, task.reject_on_worker_lost))
        assert task.time_limit <= 905
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in ours


@pytest.mark.parametrize("path", COMPONENTS, ids=name)
def test_a_component_starts_with_its_inputs(path):
    assert path.read_text().startswith(f"{{# {path.stem}")


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_template_compiles_and_something_names_it(path):
    called = str(path.relative_to(ROOT / "templates"))
    get_template(called)
    everything = SOURCE + "\n".join(p.read_text() for p in PAGES)
    by_allauth = called.startswith("account/")
    assert by_allauth or called in everything or called.rsplit("/", 1)[-1] in everything, "nothing uses it"


@pytest.mark.parametrize("path", [*PAGES, *COMPONENTS], ids=name)
def test_no_template_has_inline_script_or_style(path):
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son(?!ly=)[a-z]+=\"|javascript:|hx-on|\|safe\b(?!.*help_text)", text.replace("field.help_text|safe", ""))
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_a_table_has_a_name_an_order_and_a_claim(model):
    assert "__str__" in vars(model), "say what a row is"
    assert model._meta.ordering, "say in which order rows come"
    claims = [*model._meta.constraints, *(c for p in model.__mro__[1:] if hasattr(p, "_meta") for c in p._meta.constraints)]
    keyed = model._meta.pk.name != "id" or model.__name__.endswith("Permission")
    assert claims or keyed, "name a constraint that must hold"


@pytest.mark.django_db
def test_migrations_are_complete():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("path", [p for p in FILES if p.stem == "actions"], ids=name)
def test_an_action_names_its_actor_by_keyword(path):
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and "by" in {a.arg for a in [*node.args.args, *node.args.kwonlyargs]}:
            assert "by" in {a.arg for a in node.args.kwonlyargs}, f"{node.name}: by= is keyword-only"
