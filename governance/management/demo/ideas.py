"""Thinks up believable models: what they do, for whom, in which words; the same number always gives the same model."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, cast

import yaml

SEED = 20261124
LISTED_SHARE = 40  # percent that we only know of
OPENINGS = (
    "This model {does}.",
    "What it does: it {does}.",
    "For {who}: it {does}.",
)
USES = (
    "It was made for {who} who work with {thing}. They see its answer beside the case and decide themselves.",
    "{Who} use it as a first look at {thing}; nothing follows from its answer without a person.",
    "It takes the dull part of {thing} off {who}. Whoever acts on an answer stays responsible.",
)
DATA = (
    "Trained on {rows} examples of {thing} from {years}, cleaned of names, with a tenth kept back for testing.",
    "The examples ({rows} of them, {years}) came from daily work with {thing}; labels were made by two people each.",
    "{rows} examples from {years}. Months with few cases were weighted up, so that the season does not decide.",
)
RUNS = (
    "One processor core and a gigabyte of memory are enough.",
    "Runs on a laptop; a batch of a thousand takes a few seconds.",
    "Keep it warm: the first answer takes as long as the next fifty.",
)


@dataclass(frozen=True)
class Idea:
    """One model, in words."""

    number: int
    name: str
    team: str
    area: Mapping[str, str]
    trade: Mapping[str, Any]
    kind: str
    is_listed: bool
    summary: str
    text: str
    about: Mapping[str, str]
    metric: tuple[str, float]
    license: str
    publisher: str
    parameters: int
    tags: Sequence[str] = field(default_factory=tuple)
    languages: Sequence[str] = field(default_factory=tuple)


@cache
def words() -> Mapping[str, Any]:
    """Return the vocabulary."""
    return read_words("words.yaml")


def read_words(name: str) -> dict[str, Any]:
    """Read one of the files beside this one; by the fast loader where there is one, because each start of the demo asks."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return cast("dict[str, Any]", yaml.load(Path(__file__).with_name(name).read_text(encoding="utf-8"), loader))  # noqa: S506 - both are safe


@cache
def combinations() -> list[tuple[Mapping[str, Any], Mapping[str, str], Mapping[str, str], Mapping[str, Any]]]:
    """Return every trade in every area, tongue or place, and size, well mixed; the first ones are all of the usual size."""
    said, mix = words(), random.Random(SEED)  # noqa: S311 - made-up texts, no secrets
    found: list[Any] = []
    for size in said["sizes"]:
        layer: list[Any] = []
        for trade, area in product(said["trades"], said["areas"]):
            if area["key"] not in trade["areas"]:
                continue
            layer += [(trade, area, where, size) for where in said["languages" if trade["by"] == "language" else "places"]]
        mix.shuffle(layer)
        found += layer
    return found


def idea(number: int) -> Idea:
    """Return the model with this number, counted from 0."""
    trade, area, where, size = combinations()[number]
    draw = random.Random(f"{SEED}:{number}")  # noqa: S311 - as above
    listed = number * 61 % 100 < LISTED_SHARE
    about = {
        "thing": area["thing"],
        "paper": area["paper"],
        "who": area["who"],
        "Who": area["who"][0].upper() + area["who"][1:],
        "does": trade["does"].replace("{tongue}", where["name"]),
        "tongue": where["name"],
        "place": where["name"],
        "rows": f"{draw.randrange(12, 900) * 1000:,}",
        "years": draw.choice(["2023 and 2024", "2024 and 2025", "2022 to 2025", "the last eighteen months"]),
        "size": size["words"],
    }
    low, high = trade["metric"][1:]
    metric = (trade["metric"][0], round(draw.uniform(low, high), 3))
    kind = draw.choice(trade["kinds"])
    parameters = draw.choice([66, 110, 135, 355]) * 1_000_000 * size["factor"] if listed else 0
    return Idea(
        number=number,
        name="-".join(filter(None, [area["key"], trade["key"], where["key"], size["key"]])),
        team=area["team"],
        area=area,
        trade=trade,
        kind=kind,
        is_listed=listed,
        summary=trade["summary"].format(**about)[:280],
        text=_text(trade, about, metric, draw),
        about=about,
        metric=metric,
        license=draw.choice(words()["licenses"]) if listed else "proprietary",
        publisher=draw.choice(words()["publishers"]) if listed else "",
        parameters=parameters,
        tags=[*trade["tags"], area["key"]],
        languages=[where["key"]] if trade["by"] == "language" else [],
    )


def _text(trade: Mapping[str, Any], about: Mapping[str, str], metric: tuple[str, float], draw: random.Random) -> str:
    """Write the card."""
    result, meaning = trade["gives"]
    weak = "\n".join(f"- {sentence}" for sentence in trade["weak"])
    lines = [
        "## What it does", draw.choice(OPENINGS).format(**about), "",
        f"It is {about['size']}. It answers with `{result}`: {meaning[0].lower()}{meaning[1:]}.", "",
        "## Who uses it", draw.choice(USES).format(**about), "",
        "## How to use it", f"Load the file, send one case, read `{result}`. {draw.choice(RUNS)}", "",
        "## Where it is weak", weak, "",
        "## Data", draw.choice(DATA).format(**about), "",
        "## Results", f"On the test set: {metric[0]} **{metric[1]}**. Compare it with your own cases before you rely on it.", "",
    ]  # fmt: skip
    return "\n".join(lines)
