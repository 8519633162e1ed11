"""Run every benchmark of this folder, one after the other, and print what each says and whether it reached its aim."""

import ast
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def benchmarks():
    """Return the scripts that measure something: those with a `main`."""
    found = []
    for script in sorted(HERE.glob("*.py")):
        tree = ast.parse(script.read_text(encoding="utf-8"))
        if script.name != "run.py" and any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            found.append(script)
    return found


def main():
    """Run those that were named, or all; exit 1 when one missed its aim."""
    wanted = set(sys.argv[1:])
    table = []
    for script in benchmarks():
        if wanted and script.stem not in wanted:
            continue
        print(f"== {script.stem}", flush=True)
        begin = time.perf_counter()
        ended = subprocess.run([sys.executable, str(script)], cwd=HERE.parent, check=False).returncode
        table.append((script.stem, "reached" if ended == 0 else "missed", time.perf_counter() - begin))
    print(f"\n{'benchmark':24} {'aim':8} seconds")
    for name, verdict, took in table:
        print(f"{name:24} {verdict:8} {took:7.0f}")
    sys.exit(1 if any(verdict != "reached" for _, verdict, _ in table) else 0)


if __name__ == "__main__":
    main()
