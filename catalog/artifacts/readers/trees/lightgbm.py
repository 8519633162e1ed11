"""LightGBM models as text: key=value lines, tree by tree, each pointing only at its own nodes and leaves."""

import re
from typing import Any

from catalog.artifacts.readers.texts import plain
from catalog.artifacts.readers.types import Broken, Reading, TooMuch, fact, shorten
from catalog.artifacts.readers.window import Window

LINE = re.compile(r"[a-z_]\w*=.*")
NUMBERS = re.compile(r"(-?\d+( -?\d+)*)? ?")
TREE_LIMIT = 200_000
FLAGS = frozenset({"average_output", "linear_tree"})
FIX = "Save the model again with LightGBM, and check that the upload was complete."


def read(window: Window, _name: str) -> Reading:
    """Judge a model file."""
    content = plain.text(window)
    head, *trees = content.split("\nTree=")
    if len(trees) > TREE_LIMIT:
        raise TooMuch(f"The model has more than {TREE_LIMIT:,} trees.")
    facts: dict[str, Any] = {"library": fact("lightgbm", "first lines"), "trees": fact(len(trees), "text")}
    header = _pairs(head.split("\n")[1:], "first lines")
    if "version" not in header or "feature_names" not in header:
        raise Broken("The first lines name no version or no features.", where="first lines", fix=FIX)
    if "objective" in header:
        facts["architecture"] = fact(shorten(f"gbdt, {header['objective']}", 100), "objective")
    if not trees:
        _rest(head)
        return Reading("lightgbm", "allow", [], facts)
    last, mark, rest = trees[-1].partition("\nend of trees\n")
    if not mark:
        raise Broken("The model is cut off: “end of trees” is missing.", where="last lines", fix=FIX)
    trees[-1] = last
    for number, tree in enumerate(trees):
        _tree(tree, f"tree {number}")
    _rest(rest)
    return Reading("lightgbm", "allow", [], facts)


def _pairs(lines: list[str], where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        if not line.strip() or line in FLAGS:
            continue
        if line == "end of trees":
            break
        key, sign, value = line.partition("=")
        if not sign or not LINE.fullmatch(line) or key in found:
            raise Broken(f"“{shorten(line, 60)}” is no line of a LightGBM model, or stands twice.", where=where, fix=FIX)
        found[key] = value
    return found


def _tree(text: str, where: str) -> None:
    lines = text.split("\n")
    values = _pairs(lines[1:], where)
    leaves = values.get("num_leaves", "")
    if not lines[0].isdigit() or not leaves.isdigit() or not 1 <= int(leaves) <= 2**24:
        raise Broken("A tree has no number or no leaves.", where=where, fix=FIX)
    count = int(leaves)
    for key in ("left_child", "right_child"):
        raw = values.get(key, "")
        if not NUMBERS.fullmatch(raw):
            raise Broken(f"“{key}” holds something other than numbers.", where=where, fix=FIX)
        children = [int(item) for item in raw.split()]
        if count > 1 and (len(children) != count - 1 or not all(-count <= child < count - 1 for child in children)):
            raise Broken(f"“{key}” points outside of the tree.", where=where, fix=FIX)


def _rest(text: str) -> None:
    """Importances, parameters in brackets, and the categories of pandas may follow the trees."""
    for line in text.split("\n"):
        if len(line) > 50_000_000:
            raise TooMuch("A line is too long.", where="last lines")
