"""Measure both sides of a promise in one run and say whether it is kept."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path

from .. import benches, database
from ..environment import prepare
from ..errors import SetupError
from ..paths import REPO
from ..say import say

MARK = "BENCH-RESULT "
FOLDER = Path(benches.__file__).parent


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``bench``."""
    names = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
    parser.add_argument("name", choices=names)
    parser.add_argument("--size", type=int, default=0, help="how many records (default: the benchmark's own)")


def run(args: argparse.Namespace) -> int:
    """Run the benchmark on a fresh database, print its table and, last, one line with the verdict.

    The script prints ``MARK`` and a JSON object: ``rows`` (list of [label, text]), ``figure``, ``bar`` (numbers; the
    figure must reach the bar) and ``problems`` (list of sentences; any makes it fall short).
    """
    env = prepare(args.odoo)
    name = f"aftersales_bench_{args.name}_{os.getpid()}"
    database.ensure_database(env, name)
    try:
        result = measure(env, name, args)
    finally:
        database.drop(env, name)
    width = max(len(label) for label, _text in result["rows"])
    for label, text in result["rows"]:
        print(f"  {label:<{width}}  {text}")
    for problem in result["problems"]:
        print(f"  {problem}")
    kept = result["figure"] >= result["bar"] and not result["problems"]
    print(f"{args.name}: {result['figure']:g} (bar {result['bar']:g}) {'ok' if kept else 'short'}", flush=True)
    return 0 if kept else 1


def measure(env, name: str, args: argparse.Namespace) -> dict:
    """Run the script in Odoo's shell and return what it printed."""
    say(f"Benchmark {args.name} on {name}")
    script = (FOLDER / f"{args.name}.py").read_text(encoding="utf-8")
    process = subprocess.run(
        [
            *(str(env.python), "-m", "odoo", "shell", "-c", str(env.odoo_conf)),
            *("-d", name, "--no-http", "--log-level=error"),
        ],
        input=f"import sys; sys.path.insert(0, {str(REPO)!r})\nSIZE = {args.size or None}\n{script}",
        capture_output=True,
        text=True,
        env=env.process_env(),
    )
    lines = [line for line in process.stdout.splitlines() if line.startswith(MARK)]
    if not lines:
        raise SetupError(f"The benchmark {args.name} broke off:\n{(process.stdout + process.stderr)[-3000:]}")
    return json.loads(lines[-1].removeprefix(MARK))
