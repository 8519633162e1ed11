"""What the files around the weights say: config.json, tokenizer files, README.md, requirements."""

import re
from collections.abc import Iterator
from typing import Any

from catalog.artifacts.paths import check_path
from catalog.artifacts.readers.texts import code, plain, templates
from catalog.artifacts.readers.types import Broken, Unsafe, fact, shorten

CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length", "seq_length", "model_max_length")
SIZE_KEYS = ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size")
CARD_KEYS = {"license": "license", "library_name": "library", "pipeline_tag": "task", "base_model": "base_model", "language": "language"}
REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w., -]*\])?\s*([<>=!~]=?=?\s*[\w.*+-]+\s*,?\s*)*(;.*)?(#.*)?")
LONGEST_CONTEXT = 10**9
LONGEST_REQUIREMENT = 500


def check_json(value: Any, name: str) -> dict[str, Any]:
    """Refuse JSON that asks for code, and gather the facts that its name promises."""
    for path, key, found in _keys(value):
        code.check_key(path, key, found, name)
        if key == "chat_template" or key.endswith("_chat_template"):
            for place, template in _templates(found):
                templates.check(template, f"{path}{key}{place}")
    base = name.rsplit("/", 1)[-1].rpartition(" → ")[2]
    code.check_file(value, base, name)
    if not isinstance(value, dict):
        return {}
    if base.endswith(".index.json"):
        return _index(value, base)
    return _facts(value, base)


def _keys(value: object) -> Iterator[tuple[str, str, object]]:
    """Go through all keys at all depths without recursion."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, dict):
            for key, inner in item.items():
                yield path, str(key), inner
                if isinstance(inner, dict | list):
                    waiting.append((f"{path[:200]}{str(key)[:100]}.", inner))
        elif isinstance(item, list):
            waiting.extend((path, inner) for inner in item if isinstance(inner, dict | list))


def _templates(found: object) -> Iterator[tuple[str, str]]:
    if isinstance(found, str):
        yield "", found
    elif isinstance(found, list):
        for number, item in enumerate(found):
            if isinstance(item, dict) and isinstance(item.get("template"), str):
                yield f"[{number}]", item["template"]
    elif isinstance(found, dict):
        for key, item in found.items():
            if isinstance(item, str):
                yield f".{shorten(key, 50)}", item


def _facts(value: dict[str, Any], base: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    architectures = value.get("architectures")
    if isinstance(architectures, list) and architectures and isinstance(architectures[0], str):
        facts["architecture"] = fact(shorten(architectures[0], 200), f"{base}: architectures")
    for key, name in (("model_type", "model_type"), ("torch_dtype", "dtype"), ("dtype", "dtype"), ("transformers_version", "transformers")):
        if isinstance(value.get(key), str) and base in {"config.json", "generation_config.json"}:
            facts.setdefault(name, fact(shorten(value[key], 100), f"{base}: {key}"))
    if "transformers_version" in value:
        facts["library"] = fact("transformers", f"{base}: transformers_version")
    learner = value.get("learner")
    if isinstance(learner, dict) and "gradient_booster" in learner:
        facts["library"] = fact("xgboost", f"{base}: learner")
    elif "tree_info" in value and "feature_names" in value:
        facts["library"] = fact("lightgbm", f"{base}: tree_info")
    facts.update(_sizes(value, base))
    return facts


def _sizes(value: dict[str, Any], base: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for key in CONTEXT_KEYS:
        if type(value.get(key)) is int and 0 < value[key] < LONGEST_CONTEXT:
            facts["context_length"] = fact(value[key], f"{base}: {key}")
            break
    for key in SIZE_KEYS:
        if type(value.get(key)) is int and 0 <= value[key] < 10**12:
            facts[key] = fact(value[key], f"{base}: {key}")
    if "chat_template" in value:
        facts["chat_template"] = fact(value=True, where=f"{base}: chat_template")
    return facts


def _index(value: dict[str, Any], base: str) -> dict[str, Any]:
    """Check the list that says which tensor lies in which part of a split model."""
    parts = value.get("weight_map")
    if not isinstance(parts, dict) or not all(isinstance(part, str) for part in parts.values()):
        raise Broken("The index of a split model maps tensors to files.", where=f"{base}: weight_map")
    names = sorted(set(parts.values()))
    for part in names:
        try:
            check_path(part)
        except ValueError as error:
            raise Unsafe(f"The index points to “{shorten(part, 100)}”: {error}", where=f"{base}: weight_map", check="files.paths") from error
    return {"parts": fact([shorten(part, 200) for part in names[:1000]], f"{base}: weight_map")}


def check_text(content: str, name: str) -> dict[str, Any]:
    """Refuse text that asks for code, and gather facts from the head of a card."""
    base = name.rsplit("/", 1)[-1].rpartition(" → ")[2].casefold()
    code.check_text(content, base, name)
    if re.fullmatch(r"(requirements|constraints)[\w.-]*\.(txt|in)", base):
        _requirements(content, name)
    if base.endswith((".jinja", ".jinja2")):
        templates.check(content, name)
    if base.endswith((".yaml", ".yml")) or base == "mlmodel":
        return check_json(plain.parse_yaml(content, name), name)
    if base.endswith(".md"):
        return _card(content, name)
    return {}


def _requirements(content: str, name: str) -> None:
    for number, line in enumerate(content.splitlines(), start=1):
        wanted = line.strip()
        plain_line = len(wanted) <= LONGEST_REQUIREMENT and REQUIREMENT.fullmatch(wanted)
        if wanted and not wanted.startswith("#") and not plain_line:
            message = f"Line {number} of {name} is more than a package name with a version."
            raise Unsafe(message, where=f"line {number}", check="files.requirements",
                         fix="List packages by name and version only: no addresses, no options, no other files.")  # fmt: skip


def _card(content: str, name: str) -> dict[str, Any]:
    """Read the YAML head of a card, when there is one."""
    lines = content.replace("\r\n", "\n")
    if not lines.startswith("---\n"):
        return {}
    head, closing, _ = lines[4:].partition("\n---")
    if not closing:
        return {}
    values = plain.parse_yaml(head, f"{name}, head")
    if not isinstance(values, dict):
        return {}
    check_json(values, name)
    facts: dict[str, Any] = {}
    for key, label in CARD_KEYS.items():
        value = values.get(key)
        if isinstance(value, str):
            facts[label] = fact(shorten(value, 200), f"{name}: {key}")
        elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            facts[label] = fact([shorten(item, 200) for item in value[:50]], f"{name}: {key}")
    return facts
