"""Open every HDF5 and torch file of a folder with its library, and say which were refused: run in .venv-redteam on what we allow."""

import json
import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")


def open_hdf5(path: Path) -> None:
    """Read every object, every attribute and every number."""
    import h5py

    def look(_name, item):
        for key in item.attrs:
            assert item.attrs[key] is not None
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            item[()]

    with h5py.File(path) as file:
        look("/", file)
        file.visititems(look)


def open_torch(path: Path) -> None:
    """Load the tensors in the way that runs nothing."""
    import torch

    torch.load(path, weights_only=True)


OPENERS = {".h5": open_hdf5, ".hdf5": open_hdf5, ".pt": open_torch, ".bin": open_torch}


def main(folder: Path) -> None:
    """Open all of them."""
    warnings.simplefilter("ignore")
    opened, refused = 0, {}
    for path in sorted(folder.iterdir()):
        opener = OPENERS.get(path.suffix)
        if opener is None:
            continue
        try:
            opener(path)
            opened += 1
        except Exception as error:
            refused[path.name] = f"{type(error).__name__}: {error}"[:300]
    print(json.dumps({"opened": opened, "refused": refused}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
