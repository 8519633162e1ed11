"""Runs the probe as whoever starts it, with plain Python and copied sources: `python as_user.py FOLDER` prints one line of JSON."""

import json
import sys
import types
from pathlib import Path

ROOT = Path(sys.argv[1])
for name in ("marketplace", "marketplace.sandbox", "tests", "tests.marketplace", "tests.marketplace.sandbox"):
    package = types.ModuleType(name)
    package.__path__ = [str(ROOT.joinpath(*name.split(".")))]
    sys.modules[name] = package

from marketplace.sandbox.selftest import weakness  # noqa: E402
from tests.marketplace.sandbox.attempts import ATTEMPTS  # noqa: E402
from tests.marketplace.sandbox.probing import Machine  # noqa: E402

found = {}
with Machine() as machine:
    for profile in ("bubblewrap", "landlock"):
        weak = weakness(profile)
        found[profile] = weak or machine.walk(profile, ATTEMPTS)
    found["untouched"] = machine.untouched()
print(json.dumps(found))
