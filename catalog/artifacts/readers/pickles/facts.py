"""What the instructions of a pickle say about the model inside."""

from typing import Any

from catalog.artifacts.readers.pickles.symbols import Import, Log, Made, Persistent
from catalog.artifacts.readers.types import fact, shorten

WHERE = "pickle instructions"
LIBRARIES = (("sklearn", "scikit-learn"), ("torch", "pytorch"), ("xgboost", "xgboost"), ("lightgbm", "lightgbm"), ("catboost", "catboost"))
STORAGES = {"FloatStorage": "F32", "DoubleStorage": "F64", "HalfStorage": "F16", "BFloat16Storage": "BF16", "LongStorage": "I64",
            "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL"}  # fmt: skip
STEP_LIMIT = 50


def facts(log: Log, top: object) -> dict[str, Any]:
    """Gather library, architecture, steps of a pipeline and tensors."""
    found: dict[str, Any] = {"imports": fact(sorted({shorten(str(item), 200) for item in log.imports})[:200], WHERE)}
    heads = {item.module.partition(".")[0] for item in log.imports}
    for head, library in LIBRARIES:
        if head in heads:
            found["library"] = fact(library, WHERE)
            break
    made = _class_of(top)
    if made is not None and made.module.partition(".")[0] in {head for head, _ in LIBRARIES}:
        found["architecture"] = fact(shorten(made.name, 100), WHERE)
    if steps := _steps(top):
        found["steps"] = fact(steps, WHERE)
    return found | _tensors(log)


def _class_of(symbol: object) -> Import | None:
    """Return the class of an object, also when it was made in the old way."""
    if not isinstance(symbol, Made) or symbol.source is None:
        return None
    if symbol.called in {"copyreg._reconstructor", "copy_reg._reconstructor"} and isinstance(symbol.arguments, tuple):
        return next((item for item in symbol.arguments[:1] if isinstance(item, Import)), None)
    return symbol.source


def _steps(top: object) -> list[str]:
    """Return names and classes of the steps of a pipeline, in their order."""
    state = top.state if isinstance(top, Made) else None
    steps = state.get("steps") if isinstance(state, dict) else None
    found = []
    for step in steps[:STEP_LIMIT] if isinstance(steps, list) else []:
        if isinstance(step, tuple) and len(step) == 2 and isinstance(step[0], str):
            made = _class_of(step[1])
            found.append(shorten(f"{step[0]}: {made.name if made else 'passthrough'}", 200))
    return found


def _tensors(log: Log) -> dict[str, Any]:
    shapes = [made for made in log.calls if made.source is not None and made.source.name.startswith("_rebuild_tensor")]
    if not shapes:
        return {}
    return {
        "tensors": fact(len(shapes), WHERE),
        "parameters": fact(sum(_count(made) for made in shapes), WHERE),
        "dtypes": fact(_types(shapes), WHERE),
    }


def _count(made: Made) -> int:
    shape = made.arguments[2] if isinstance(made.arguments, tuple) and len(made.arguments) > 2 else None
    if not isinstance(shape, tuple) or not all(type(side) is int and 0 <= side < 2**40 for side in shape):
        return 0
    count = 1
    for side in shape[:16]:
        count *= side
    return count


def _types(shapes: list[Made]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for made in shapes:
        first = made.arguments[0] if isinstance(made.arguments, tuple) and made.arguments else None
        key = first.key if isinstance(first, Persistent) else None
        kind = key[1] if isinstance(key, tuple) and len(key) > 1 else None
        label = STORAGES.get(kind.name, "other") if isinstance(kind, Import) else "other"
        counts[label] = counts.get(label, 0) + 1
    return dict(sorted(counts.items()))
