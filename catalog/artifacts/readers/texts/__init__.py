"""What people and libraries read as text: JSON, YAML, XML, Markdown, requirements, templates; each in a strict form."""

from pathlib import PurePosixPath

from catalog.artifacts.readers.texts import config, plain
from catalog.artifacts.readers.trees import xgboost
from catalog.artifacts.readers.types import Reading, Unsafe
from catalog.artifacts.readers.window import Window

FIX_CODE = "Remove the file from the version, or ask governance to look at this exact file."


def read_json(window: Window, name: str) -> Reading:
    """Judge JSON by what libraries would do with it."""
    if PurePosixPath(name).suffix.lower() in {"", ".txt", ".md", ".csv", ".tsv", ".jsonl", ".yaml", ".yml", ".log"}:
        return read_text(window, name)
    value = plain.parse_json(window)
    if isinstance(value, dict) and "nbformat" in value and "cells" in value:
        raise Unsafe(f"{name} is a notebook: models here may not bring code to run.", where="nbformat", fix=FIX_CODE)
    facts = config.check_json(value, name)
    if xgboost.is_model(value):
        facts |= xgboost.check(value, PurePosixPath(name).name)
    return Reading("json", "allow", [], facts)


def read_text(window: Window, name: str) -> Reading:
    """Judge text by its name: YAML, requirements, templates and cards have rules of their own."""
    return Reading("text", "allow", [], config.check_text(plain.text(window), name))
