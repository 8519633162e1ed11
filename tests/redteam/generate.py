"""Make every artifact of the red team under one folder: `python tests/redteam/generate.py FOLDER`, in the environment .venv-redteam."""

import json
import sys
import time
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "makers"))
MAKERS = ("texts", "archives", "tensorflows", "tables", "graphs", "boosted", "pickles", "torches", "neural")


def main(root: Path) -> None:
    """Run all makers, and say how many artifacts there are."""
    import importlib

    from out import Out

    warnings.simplefilter("ignore")
    out, took = Out(root), {}
    for name in MAKERS:
        began = time.monotonic()
        importlib.import_module(name).make(out)
        took[name] = round(time.monotonic() - began, 1)
    (root / "made.json").write_text(json.dumps({"count": out.count, "failed": out.failed, "seconds": took}))
    print(out.count, out.failed, took)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
