"""The first lines of a confined process; run as a script, so they are few: everything else comes from cached modules."""

import json
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location


class Sources:
    """Finds the modules of this program that the task may import, by name; the folders above them are neither listed nor run."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self.places = places

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """Return where a module lies; a package above one is empty, so that its `__init__` starts no Django and no Celery."""
        place = self.places.get(name)
        if place is not None:
            package = None if place.endswith(".py") else [place]
            return spec_from_file_location(name, f"{place}/__init__.py" if package else place, submodule_search_locations=package)
        above = any(known.startswith(f"{name}.") for known in self.places)
        return ModuleSpec(name, None, is_package=True) if above else None


if __name__ == "__main__":
    order = json.load(sys.stdin)
    sys.meta_path.insert(0, Sources(order["sources"]))
    sys.path += order["packages"]

    from marketplace.sandbox.inside import child

    child.main(order)
