"""Make every artifact of the red team under one folder: `python tests/redteam/generate.py FOLDER [short]`, in the environment .venv-redteam."""

import json
import sys
import time
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "makers"))
# These need no more than the packages for development have.
SHORT = ("texts", "archives", "tensorflows", "tables", "graphs", "opcodes")
MAKERS = (*SHORT, "bombs", "boosted", "pickles", "torches", "neural")


def main(root: Path, makers: tuple[str, ...]) -> None:
    """Run makers, and say how many artifacts there are."""
    import importlib

    from out import Out

    warnings.simplefilter("ignore")
    out, took = Out(root), {}
    for name in makers:
        began = time.monotonic()
        importlib.import_module(name).make(out)
        took[name] = round(time.monotonic() - began, 1)
    (root / "made.json").write_text(json.dumps({"count": out.count, "failed": out.failed, "seconds": took}))
    print(out.count, out.failed, took)


if __name__ == "__main__":
    main(Path(sys.argv[1]), SHORT if sys.argv[2:] == ["short"] else MAKERS)
