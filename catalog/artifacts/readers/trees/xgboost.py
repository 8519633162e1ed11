"""XGBoost models: numbers and names, with every tree pointing only at its own nodes."""

from pathlib import PurePosixPath
from typing import Any

from catalog.artifacts.readers.trees import ubjson
from catalog.artifacts.readers.types import Broken, Reading, fact, shorten
from catalog.artifacts.readers.window import Window

BOOSTERS = frozenset({"gbtree", "gblinear", "dart"})
PER_NODE = ("right_children", "parents", "split_indices", "split_conditions", "default_left")
SHAPED = frozenset({"loss_changes", "sum_hessian", "base_weights", "split_type"})
FIX = ubjson.FIX


def read_binary(window: Window, name: str) -> Reading:
    """Judge a model in UBJSON."""
    value = ubjson.parse(window)
    if not is_model(value):
        raise Broken(f"{name} is UBJSON, but no model of XGBoost.", where="byte 0", fix=FIX)
    return Reading("ubjson", "allow", [], check(value, PurePosixPath(name).name))


def is_model(value: object) -> bool:
    """Whether this is the outermost object of a model."""
    return isinstance(value, dict) and isinstance(value.get("learner"), dict) and "gradient_booster" in value["learner"]


def check(value: dict[str, Any], where: str) -> dict[str, Any]:
    """Check the model and return its facts."""
    booster = value["learner"]["gradient_booster"]
    if set(value) - {"learner", "version", "Config"} or not isinstance(booster, dict) or booster.get("name") not in BOOSTERS:
        raise Broken("This is not a model as XGBoost writes it.", where="learner.gradient_booster", fix=FIX)
    inner = booster.get("gbtree", booster) if booster["name"] == "dart" else booster
    model = inner.get("model") if isinstance(inner, dict) else None
    if not isinstance(model, dict):
        raise Broken("The booster has no model.", where="learner.gradient_booster", fix=FIX)
    facts: dict[str, Any] = {"library": fact("xgboost", f"{where}: learner"), "architecture": fact(booster["name"], f"{where}: gradient_booster")}
    if booster["name"] == "gblinear":
        return facts
    trees = model.get("trees")
    if not isinstance(trees, list):
        raise Broken("The booster has no trees.", where="learner.gradient_booster.model", fix=FIX)
    for number, tree in enumerate(trees):
        _tree(tree, f"tree {number}")
    return facts | {"trees": fact(len(trees), f"{where}: trees")}


def _tree(tree: object, where: str) -> None:
    left = tree.get("left_children") if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or not _is_list(left) or not left:
        raise Broken("A tree has no nodes.", where=where, fix=FIX)
    count = len(left)
    for key in PER_NODE:
        if not _is_list(tree.get(key)) or len(tree[key]) != count:
            raise Broken(f"“{key}” does not have one value for each node.", where=where, fix=FIX)
    for key in SHAPED & tree.keys():
        if _is_list(tree[key]) and len(tree[key]) % count:
            raise Broken(f"“{shorten(key, 40)}” does not fit the number of nodes.", where=where, fix=FIX)
    for key in ("left_children", "right_children"):
        if not all(type(child) is int and -1 <= child < count for child in tree[key]):
            raise Broken(f"“{key}” points outside of the tree.", where=where, fix=FIX)


def _is_list(value: object) -> bool:
    return isinstance(value, list) or type(value).__name__ == "array"
