"""What checking costs, as ratios: a large file against a plain sha256, many small versions, a median artifact, and other scanners beside it.

Arguments: --large GIB (2), --versions N (1000), --artifacts FOLDER.
"""

import argparse
import contextlib
import hashlib
import io
import json
import logging
import resource
import statistics
import struct
import sys
import time
from pathlib import Path

from world import ROOT, world

AIMS = {"ratio": 1.5, "rss": 300, "checks": 100, "artifact": 100}
ARTIFACTS = ROOT.parent / "shared" / "data" / "duplicates" / "artifacts"
PICKLES = {".pkl", ".joblib", ".pt", ".bin"}
MIB = 1024**2


def cpu(who):
    """Return the processor seconds of this process or of its ended children."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def both():
    """Return the processor seconds of this process and its ended children."""
    return cpu(resource.RUSAGE_SELF) + cpu(resource.RUSAGE_CHILDREN)


def peak(who):
    """Return the most memory that this process or one of its children ever held, in MiB."""
    return resource.getrusage(who).ru_maxrss / 1024


def large_file(place, gib):
    """Write one safetensors file of this size."""
    size = int(gib * 1024**3)
    header = json.dumps({"weight": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size // 4 * 4]}}).encode()
    header += b" " * (-len(header) % 8)
    with place.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for _ in range(size // 4 * 4 // (4 * MIB)):
            file.write(b"\x00\x01\x02\x03" * MIB)
        file.write(b"\0" * (size // 4 * 4 % (4 * MIB)))


def hashed(place):
    """Return the sha256 of a file and the seconds that it took, read in pieces."""
    begin, digest = time.perf_counter(), hashlib.sha256()
    with place.open("rb") as file:
        while chunk := file.read(MIB):
            digest.update(chunk)
    return digest.hexdigest(), time.perf_counter() - begin


def measure_large(cast, gib, folder):
    """Compare a whole run over one large file with hashing it."""
    from django.conf import settings

    from catalog.artifacts.models import Blob, ModelFile
    from catalog.artifacts.storage import key
    from governance.validation import work
    from governance.validation.actions import submit
    from tests.governance.validation.build import ready

    place = Path(folder, "large")
    large_file(place, gib)
    hashed(place)  # warm
    sha256, seconds = hashed(place)
    version = ready(cast, files={}, name="large")
    blob = Blob.objects.create(sha256=sha256, size=place.stat().st_size)
    target = Path(settings.STORAGES["default"]["OPTIONS"]["location"], key(sha256))
    target.parent.mkdir(parents=True, exist_ok=True)
    place.rename(target)
    ModelFile.objects.create(version=version, path="model.safetensors", blob=blob, added_by=cast.nina)
    run = submit(version, by=cast.nina)
    begin = time.perf_counter()
    work.run_checks(run.pk)
    took = time.perf_counter() - begin
    run.refresh_from_db()
    target.unlink()
    memory = max(peak(resource.RUSAGE_SELF), peak(resource.RUSAGE_CHILDREN))
    print(
        f"{gib:g} GiB safetensors: sha256 {seconds:.2f} s, whole run {took:.2f} s ({run.outcome}): "
        f"{took / seconds:.2f} times (at most {AIMS['ratio']})"
    )
    print(f"memory: worker {peak(resource.RUSAGE_SELF):.0f} MiB, sandbox {peak(resource.RUSAGE_CHILDREN):.0f} MiB (at most {AIMS['rss']})")
    return run.outcome == "pass" and took / seconds <= AIMS["ratio"] and memory <= AIMS["rss"]


def measure_versions(cast, count):
    """Count checks per second and core over many small versions."""
    from governance.validation import work
    from governance.validation.actions import submit
    from governance.validation.models import ValidationRun
    from tests.factories import safetensors
    from tests.governance.validation.build import ready

    def files(number):
        return {
            "model.safetensors": safetensors(10_000 + number),
            "config.json": json.dumps({"model_type": "bert", "number": number}).encode(),
            "README.md": b"# A model\n",
        }

    runs = [submit(ready(cast, files=files(number), name=f"small-{number}"), by=cast.nina).pk for number in range(count)]
    begin, clock = both(), time.perf_counter()
    for run in runs:
        work.run_checks(run)
    used, took = both() - begin, time.perf_counter() - clock
    rows = ValidationRun.objects.filter(pk__in=runs)
    checks, outcomes = sum(rows.values_list("done", flat=True)), set(rows.values_list("outcome", flat=True))
    print(f"{count:,} small versions: {checks:,} checks in {used:.1f} s of processor ({took:.1f} s on the clock), {outcomes}:", end=" ")
    print(f"{checks / used:.0f} checks/s/core (at least {AIMS['checks']})")
    return checks / used >= AIMS["checks"] and outcomes <= {"pass", "warn"}


def measure_artifacts(folder):
    """Measure each artifact alone against an almost empty file, and pickles against other scanners."""
    from catalog.artifacts import sandbox

    files = sorted(folder.iterdir()) if folder.is_dir() else []
    if not files:
        print(f"no artifacts at {folder}: not measured")
        return True
    tiny = folder.parent / "README.md"

    def alone(path):
        begin = cpu(resource.RUSAGE_CHILDREN)
        sandbox.inspect(path, path.name)
        return 1000 * (cpu(resource.RUSAGE_CHILDREN) - begin)

    start = statistics.median(alone(tiny if tiny.is_file() else files[0]) for _ in range(15))
    each = [alone(path) - start for path in files]
    median, most = statistics.median(each), max(each)
    print(
        f"{len(files)} artifacts: median {median:.0f} ms of processor beyond {start:.0f} ms of sandbox start, most {most:.0f} ms "
        f"(median at most {AIMS['artifact']})"
    )
    pickles = [path for path in files if path.suffix in PICKLES]
    begin = both()
    sandbox.inspect_many([sandbox.File(path, path.name) for path in pickles])
    print(f"{len(pickles)} pickles together: ours {both() - begin:.2f} s of processor, sandbox and imports included", end="")
    for name, scan in others():
        begin = both()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            for path in pickles:
                scan(path)
        print(f", {name} {both() - begin:.2f} s", end="")
    print()
    return median <= AIMS["artifact"]


def others():
    """Return the other scanners that are installed, each with a way to ask about one file."""
    found = []
    with contextlib.suppress(ImportError):
        from picklescan.scanner import scan_file_path

        logging.getLogger("picklescan").setLevel(logging.CRITICAL)
        found.append(("picklescan", lambda path: scan_file_path(str(path))))
    with contextlib.suppress(ImportError):
        from modelscan.modelscan import ModelScan

        found.append(("modelscan", lambda path: ModelScan().scan(str(path))))
    return found


def main():
    """Measure all and exit 1 when an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=float, default=2)
    parser.add_argument("--versions", type=int, default=1000)
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS)
    asked = parser.parse_args()
    with world(models=False, caller=False):
        import tempfile

        from django.conf import settings

        from governance.policies.actions import ensure_starter
        from marketplace.sandbox import choice, forget
        from tests import cast as people

        people_there = people.load()
        ensure_starter()
        # The processor time of what bubblewrap starts is not handed up to whoever started bubblewrap; under Landlock it is.
        usual, settings.SANDBOX_PROFILE = choice().profile, "landlock"
        forget()
        print(f"files would be read under {usual}; measured under {choice().profile}, which counts all processor time")
        with tempfile.TemporaryDirectory() as folder:
            reached = [
                measure_large(people_there, asked.large, folder),
                measure_artifacts(asked.artifacts),
                measure_versions(people_there, asked.versions),
            ]
    sys.exit(0 if all(reached) else 1)


if __name__ == "__main__":
    main()
