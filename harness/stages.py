"""The stages of a test run, each a function that returns counts and what a person must read."""

from __future__ import annotations

import os
import re
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import database, selection, translations
from .environment import Environment
from .errors import SetupError
from .paths import ADDON, ADDON_DIR, REPO, log_dir
from .postgres import free_port
from .server import log_problems
from .venv import python_path

#: Tag of the addon's tests that take long; ``harness test --fast`` leaves them out.
SLOW_TAG = "slow"


@dataclass
class Result:
    """What one stage came to."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    #: What to show of each failure.
    failures: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Return the stage's line of the report."""
        return (
            f"{self.name:24} {self.passed:5} passed {self.failed:4} failed "
            f"{self.skipped:4} skipped {self.seconds:8.1f} s"
        )


def timed(stage: Callable[..., Result], name: str, *arguments: object, **options: object) -> Result:
    """Run a stage, note its time, and turn its own breakdown into a failure."""
    began = time.monotonic()
    try:
        result = stage(*arguments, **options)
    except SetupError as error:
        result = Result(name, failed=1, failures=[str(error)])
    result.seconds = time.monotonic() - began
    return result


def lint() -> Result:
    """Run ruff, its formatter and pylint-odoo's mandatory list; each is one test."""
    tools = python_path().parent
    commands = {
        "ruff check": [tools / "ruff", "check", "--output-format=concise"],
        "ruff format": [tools / "ruff", "format", "--check"],
        "pylint-odoo": [tools / "pylint", "--rcfile=pyproject.toml", ADDON_DIR],
    }
    result = Result("lint")
    for name, command in commands.items():
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=REPO)
        if done.returncode == 0:
            result.passed += 1
        else:
            result.failed += 1
            result.failures.append(f"{name}:\n{(done.stdout + done.stderr).strip()[-6000:]}")
    return result


def translation(env: Environment) -> Result:
    """Check that the term template is up to date and the Chinese translation complete."""
    found = translations.check_copy(env)
    result = Result("translations", passed=0 if found else 1, failed=1 if found else 0)
    if found:
        shown = "\n".join(found[:40])
        more = f"\n... and {len(found) - 40} more" if len(found) > 40 else ""
        result.failures.append(f"{len(found)} gap(s) in the translations:\n{shown}{more}")
    return result


def addon_tests(env: Environment, *, expression: str = "", tags: str = "", fast: bool = False) -> Result:
    """Run the addon's own tests in Odoo's runner, on a fresh copy of the addon template.

    An ERROR in the log that belongs to no failed test counts as one failure more: a test that
    provokes an error on purpose must mute or assert it.
    """
    result = Result("addon tests")
    if expression and not tags:
        tags = ",".join(selection.addon_tags(ADDON_DIR / "tests", expression))
        if not tags:
            return result
    tags = tags or f"/{ADDON}"
    if fast:
        tags += f",-{SLOW_TAG}"
    name = database.temporary_name(env, "addontest")
    log = log_dir() / f"{name}.log"
    database.copy(env, database.ensure_addon(env), name)
    command = [
        env.python,
        *("-m", "odoo", "server", "-c", env.odoo_conf, "-d", name, "--test-tags", tags),
        *("--stop-after-init", "--max-cron-threads=0", f"--http-port={free_port()}"),
    ]
    with log.open("wb") as out:
        code = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=env.process_env(),
        ).returncode
    read_odoo_log(result, log.read_text(encoding="utf-8", errors="replace"), code)
    database.drop(env, name)
    if not (expression or result.passed or result.failed):
        result.failed = 1
        result.failures.append("The addon has no test.")
    if result.failed:
        result.failures.append(f"The full log is {log}.")
    return result


def read_odoo_log(result: Result, text: str, code: int) -> None:
    """Read the counts and failures of a test run from Odoo's log and its exit code."""
    summary = re.findall(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests", text)
    failed, errors, total = (int(part) for part in summary[-1]) if summary else (0, 0, 0)
    result.skipped += len(re.findall(r"^[\d: ,-]+ \d+ INFO \S+ \S+: skipped ", text, re.MULTILINE))
    result.failed += failed + errors
    problems = log_problems(text)
    tests = [entry for entry in problems if re.search(r" (FAIL|ERROR): ", entry.splitlines()[0])]
    strange = [entry for entry in problems if entry not in tests]
    # Odoo ends a run that failed with one more error line, which only sums up.
    strange = [entry for entry in strange if not re.search(r"odoo\.tests\.result: \d+ failed", entry)]
    if strange:
        result.failed += 1
        result.failures.append(f"{len(strange)} error(s) in the log outside of a failed test:")
    result.failures += [entry[:3000] for entry in (tests + strange)[:30]]
    if code != 0 and not result.failed:
        result.failed += 1
        result.failures.append(f"Odoo ended with exit code {code}:\n{text[-2000:]}")
    if not summary and not result.failed:
        result.failed += 1
        result.failures.append(f"Odoo reported no test result:\n{text[-2000:]}")
    result.passed += max(0, total - failed - errors - result.skipped)


def outside_tests(env: Environment, *, expression: str = "", fast: bool = False) -> Result:
    """Run ``tests/`` with pytest; its output goes to the terminal as it comes."""
    result = Result("tests from outside")
    report = log_dir() / f"pytest-{os.getpid()}.xml"
    report.unlink(missing_ok=True)
    command: list[str | Path] = [env.python, "-m", "pytest", "tests", f"--junit-xml={report}"]
    command += ["-q", "--durations=10", "-rs"]
    if expression:
        command += ["-k", expression]
    if fast:
        command += ["-m", "not slow"]
    variables = {**env.process_env(), **_odoo_choice(env)}
    variables.pop("PYTHONPATH", None)
    variables.pop("ODOO_RC", None)
    code = subprocess.run([str(word) for word in command], cwd=REPO, env=variables, stdin=subprocess.DEVNULL).returncode
    if report.exists():
        read_junit(result, report)
    empty = code == 5 and expression  # nothing was selected
    if code != 0 and not empty and not result.failed:
        result.failed += 1
        result.failures.append(f"pytest ended with exit code {code}.")
    return result


def _odoo_choice(env: Environment) -> dict[str, str]:
    """Return the variables that make a child process find the same Odoo and database server."""
    chosen = {key: os.environ[key] for key in os.environ if key.startswith("PG")}
    if env.odoo.origin == "ODOO_HOME":
        chosen["ODOO_HOME"] = str(env.odoo.root)
    return chosen


def read_junit(result: Result, report: Path) -> None:
    """Add the counts of a JUnit report to ``result``."""
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        total = int(suite.get("tests", 0))
        broken = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        result.failed += broken
        result.skipped += skipped
        result.passed += max(0, total - broken - skipped)
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            result.failures.append(f"{case.get('classname')}.{case.get('name')}")
