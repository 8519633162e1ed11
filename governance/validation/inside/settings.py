"""What the settings beside weights say: which model it is, which parts it has, whether it asks for code."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

NAMES = frozenset({"config.json", "tokenizer_config.json", "generation_config.json", "adapter_config.json", "model_index.json"})
TEXTS = ("model_type", "torch_dtype", "dtype", "tokenizer_class", "base_model_name_or_path", "peft_type", "_class_name")
MOST_PARTS = 2000


def is_one(name: str) -> bool:
    """Whether a file holds settings, by its name."""
    base = name.rpartition("/")[2]
    return base in NAMES or base.endswith(".index.json")


def read(text: str, name: str) -> dict[str, Any]:
    """Return the few values that the checks compare; "broken" with the reason when it is no JSON object."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as fault:
        return {"broken": str(fault)[:200] or type(fault).__name__}
    if not isinstance(value, dict):
        return {"broken": "it is no JSON object"}
    return _index(value) if name.endswith(".index.json") else {"settings": _chosen(value)}


def _chosen(value: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {key: value[key][:200] for key in TEXTS if isinstance(value.get(key), str)}
    architectures = value.get("architectures")
    if isinstance(architectures, list):
        found["architectures"] = [str(item)[:200] for item in architectures[:10]]
    if type(value.get("vocab_size")) is int:
        found["vocab_size"] = value["vocab_size"]
    if value.get("auto_map"):
        found["auto_map"] = _references(value["auto_map"])
    if value.get("chat_template"):
        found["chat_template"] = hashlib.sha256(json.dumps(value["chat_template"]).encode()).hexdigest()
        if isinstance(value["chat_template"], str):
            found["chat_template"] = hashlib.sha256(value["chat_template"].strip().encode()).hexdigest()
    return found


def _references(auto_map: object) -> list[str]:
    """Return the classes that libraries would fetch and run."""
    values = auto_map.values() if isinstance(auto_map, dict) else [auto_map]
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [str(item)[:200] for item in flat[:20] if item]


def _index(value: Mapping[str, Any]) -> dict[str, Any]:
    parts = value.get("weight_map")
    if not isinstance(parts, dict):
        return {"broken": "its weight_map is missing"}
    return {"parts": sorted({str(part)[:300] for part in parts.values()})[:MOST_PARTS], "tensors": len(parts)}
