"""Text that makes a library import, fetch or run something: by a key, by the file it stands in, or because it is a program."""

import ast
import re
from functools import cache
from typing import Any

from catalog.artifacts.readers import rules
from catalog.artifacts.readers.types import Unsafe, shorten

FIX = "Remove the key and use a model class that the library brings along, or ask governance to look at this exact file."
FIX_CODE = "Remove the file from the version, or ask governance to look at this exact file."
# Programs that read configuration evaluate such texts as Python.
EXPRESSION = re.compile(r"\$\s*(import\b|from\b|@\w|[\w.]+\s*\(|__)")
KERNEL = re.compile(r".*(attn_implementation|attention_implementation)")
DOTTED = re.compile(r"[\w.]+")
ENVIRONMENT = re.compile(r"(conda|environment|python_env)[\w.-]*\.ya?ml", re.IGNORECASE)
ADDRESS = re.compile(r"://|git\+|@\s|^\s*[./]")
PROSE = (".md", ".rst", ".csv", ".tsv", ".jsonl", ".yaml", ".yml", ".jinja", ".jinja2", ".bib", ".cff", ".vocab", ".tiktoken", ".log")
PROGRAM_LIMIT = 64 * 1024


@cache
def _prefixes() -> tuple[str, ...]:
    return tuple(rules.names("code", "prefixes"))


def check_key(path: str, key: str, value: object, name: str) -> None:
    """Refuse one key with its value, wherever it stands."""
    label = shorten(f"{path}{key}", 150)
    if not value:
        return
    if key in rules.names("code", "keys") or key.startswith(_prefixes()):
        raise Unsafe(f"{name} holds “{label}”, which makes libraries run code that comes with the model.", where=label, fix=FIX)
    if KERNEL.fullmatch(key) and isinstance(value, str) and "/" in value:
        raise Unsafe(f"{name} asks for the kernel “{shorten(value, 80)}”, which is fetched and run when the model is loaded.", where=label, fix=FIX)
    texts = value if isinstance(value, list) else [value]
    for text in texts:
        if isinstance(text, str) and text[:1] == "$" and EXPRESSION.match(text):
            raise Unsafe(f"{name} holds an expression in “{label}” that programs evaluate as Python.", where=label, fix=FIX)


def check_file(value: Any, base: str, name: str) -> None:
    """Refuse what only means code in a file of this name."""
    if base == "model_index.json" and isinstance(value, dict):
        _pipeline(value, name)
    elif base == "modules.json" and isinstance(value, list):
        for number, item in enumerate(value):
            _library(item.get("type") if isinstance(item, dict) else None, f"[{number}].type", name)
    elif base == "adapter_config.json" and isinstance(value, dict) and isinstance(value.get("auto_mapping"), dict):
        _library(value["auto_mapping"].get("parent_library"), "auto_mapping.parent_library", name)
    elif base == "MLmodel" and isinstance(value, dict):
        _mlflow(value, name)
    elif ENVIRONMENT.fullmatch(base) and isinstance(value, dict):
        _environment(value, name)


def _environment(value: dict[str, Any], name: str) -> None:
    """Packages by name and version alone, here as in requirements."""
    listed = value.get("dependencies")
    items = (
        [part for item in listed if item for part in (item.get("pip") or [] if isinstance(item, dict) else [item])]
        if isinstance(listed, list)
        else []
    )
    for item in items:
        if not isinstance(item, str) or item.lstrip().startswith("-") or ADDRESS.search(item):
            message = f"{name} asks for “{shorten(str(item), 80)}”, which is more than a package name with a version."
            raise Unsafe(message, where="dependencies", fix="List packages by name and version only.", check="files.requirements")


def _pipeline(value: dict[str, Any], name: str) -> None:
    """Each part of a pipeline is [library, class]; a library that nobody knows is a module beside the model."""
    if not isinstance(value.get("_class_name", ""), str):
        raise Unsafe(f"{name} takes its pipeline from a program that comes with the model.", where="_class_name", fix=FIX)
    for key, item in value.items():
        if isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and isinstance(item[1], str):
            _library(item[0], key, name)


def _library(module: object, where: str, name: str) -> None:
    if module is None:
        return
    if not isinstance(module, str) or not DOTTED.fullmatch(module) or module.partition(".")[0] not in rules.names("code", "libraries"):
        message = f"{name} takes a class from “{shorten(str(module), 80)}”, which is imported when the model is loaded."
        raise Unsafe(message, where=shorten(where, 150), fix=FIX)


def _mlflow(value: dict[str, Any], name: str) -> None:
    flavors = value.get("flavors")
    for flavor, item in flavors.items() if isinstance(flavors, dict) else []:
        if not isinstance(item, dict):
            continue
        module = item.get("loader_module")
        if module is not None and module not in rules.names("code", "mlflow"):
            message = f"{name} is loaded by the module “{shorten(str(module), 80)}”, which is imported when the model is loaded."
            raise Unsafe(message, where=shorten(f"flavors.{flavor}.loader_module", 150), fix=FIX)
        if item.get("code") or item.get("model_code_path"):
            raise Unsafe(f"{name} brings code along.", where=shorten(f"flavors.{flavor}.code", 150), fix=FIX)


def check_text(content: str, base: str, name: str) -> None:
    """Refuse a program that goes by the name of a text."""
    if base.endswith(PROSE) or len(content) > PROGRAM_LIMIT or not content.strip():
        return
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return
    if any(isinstance(item, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Call) for item in ast.walk(tree)):
        raise Unsafe(f"{name} is Python code: models here may not bring code to run.", where="line 1", fix=FIX_CODE)
