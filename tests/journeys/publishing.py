"""The five steps of publishing, as a person goes through them."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from catalog.cards.editing import written
from catalog.cards.schema import schema_for
from governance.management.demo.artifacts import artifact_files
from tests.journeys.eyes import look, says

ANSWERS = {"data_class": "internal", "affected": "employees", "autonomy": "advice", "exposure": "low", "purpose": "internal", "scope": "minimal"}
WORDS = {"use.intended_purpose": "Sort incoming letters before a person reads them.", "risk.limitations": "Knows printed text in English only."}


def a_folder(at: Path, seed: int) -> Path:
    """A tiny model as it lies on somebody's disk."""
    folder = at / "tiny-model"
    folder.mkdir()
    for path, content in artifact_files("safetensors", seed, name="Letter sorter", summary="Sorts letters into five piles.", license="apache-2.0"):
        (folder / path).write_bytes(content)
    return folder


def start(page: Page, team: str, name: str) -> None:
    """Step 1: name it."""
    page.goto("/models/new")
    page.get_by_label("Team", exact=True).select_option(team)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("What it is for").fill("Sorts letters into five piles.")
    look(page)
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile("/publish/files$"))


def bring(page: Page, folder: Path) -> None:
    """Step 2: choose the folder; when everything has arrived the next step opens by itself."""
    look(page)
    page.locator("#upload-folder").set_input_files(folder)
    page.wait_for_url(re.compile("/publish/about$"), timeout=30_000)


def about(page: Page) -> None:
    """Step 3: say what the files do not tell."""
    look(page)
    for key, words in WORDS.items():
        page.locator(f'[name="{key}"]').fill(words)
    page.locator('[name="legal.license"]').fill("apache-2.0")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url(re.compile("/publish/risk$"))


def risk(page: Page, use_case: str) -> None:
    """Step 4: the use and six answers."""
    page.get_by_label("Or name a new use case").fill(use_case)
    page.get_by_label("Where it will run").select_option("production")
    for question, answer in ANSWERS.items():
        page.locator(f'[name="answers.{question}"][value="{answer}"]').check()


def missing(page: Page) -> dict[str, str]:
    """What step 5 lists: title -> address."""
    links = page.locator("#missing-card li a")
    return dict(zip(links.all_inner_texts(), [link.get_attribute("href") for link in links.all()], strict=True))


def give_what_is_missing(page: Page, tier: str) -> None:
    """Follow every link of step 5 and fill in what it asks for."""
    fields, back = {field.key: field for field in schema_for(tier).fields}, page.url
    by_page: dict[str, list[str]] = {}
    for address in missing(page).values():
        place, _, field = address.partition("#id_")
        by_page.setdefault(place, []).append(field)
    for place, keys in by_page.items():
        page.goto(place)
        for key in keys:
            give(page, fields[key])
        page.get_by_role("button", name=re.compile("^Save( and go on)?$")).click()
        if place.endswith("/publish/about"):
            page.wait_for_url(re.compile("/publish/risk$"))
        page.wait_for_load_state()
        expect(page.locator(".form-errors")).to_have_count(0)
    page.goto(back)


def give(page: Page, field) -> None:
    """Fill in one field with its example."""
    control = page.locator(f'[name="{field.key}"]')
    if field.type == "multi":
        for value in field.example:
            page.locator(f'[name="{field.key}"][value="{value}"]').check()
    elif field.type == "enum":
        control.select_option(str(field.example))
    else:
        control.fill(written(field, field.example))


def submit(page: Page) -> int:
    """Step 5: submit; return the number of the run."""
    says(page.locator("#missing-card"), "Nothing is missing")
    look(page)
    page.get_by_role("button", name="Submit for checks").click()
    page.wait_for_url(re.compile(r"/checks/\d+$"))
    return int(page.url.rsplit("/", 1)[1])
