"""The harness's own Python environment with Odoo's requirements and the test tools."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from .errors import SetupError
from .paths import REQUIREMENTS, home, setup_log
from .say import run_logged, step
from .system import install_packages

#: Environments kept, the current one included.
KEEP = 3
MIN_PYTHON, MAX_PYTHON = (3, 10), (3, 13)


def requirements_key() -> str:
    """Return a short hash of the pinned requirements and the Python version."""
    text = REQUIREMENTS.read_bytes() + repr(sys.version_info[:2]).encode()
    return hashlib.sha256(text).hexdigest()[:12]


def venv_dir() -> Path:
    """Return the environment's directory.

    It is named after the requirements, so that two checkouts with different ones can share a
    home, and a change of the requirements leaves a running process its environment.
    """
    return home() / f"venv-{requirements_key()}"


def python_path() -> Path:
    """Return the environment's Python, whether or not it exists yet."""
    return venv_dir() / "bin" / "python"


def is_ready() -> bool:
    """Tell whether the environment is complete for the current requirements."""
    return (venv_dir() / "complete").exists()


def check_python(version: tuple[int, int] | None = None) -> None:
    """Raise ``SetupError`` when this Python cannot run Odoo 19."""
    version = version or sys.version_info[:2]
    if not MIN_PYTHON <= version <= MAX_PYTHON:
        raise SetupError(
            f"Odoo 19 runs on Python {MIN_PYTHON[0]}.{MIN_PYTHON[1]} to "
            f"{MAX_PYTHON[0]}.{MAX_PYTHON[1]} and this is {version[0]}.{version[1]}: "
            "start the harness with one of those, for example 'python3.12 -m harness'."
        )


def ensure_venv() -> Path:
    """Create the environment when it is missing or out of date; return its Python."""
    if is_ready():
        return python_path()
    check_python()
    target = venv_dir()
    shutil.rmtree(target, ignore_errors=True)
    with step("Creating the Python environment"):
        if not _create(target):
            install_packages([f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"])
            if not _create(target):
                raise SetupError(
                    "Python's venv module does not work: run 'apt-get install python3-venv' "
                    f"and then this again (details in {setup_log()})."
                )
    names = [
        line.split("==")[0]
        for line in REQUIREMENTS.read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    with step(f"Installing {len(names)} Python packages") as progress:
        seen: set[str] = set()
        unknown: list[str] = []

        def show(line: str) -> None:
            if "No matching distribution found for" in line:
                unknown.append(line.rpartition(" ")[2])
            if line.startswith("Collecting "):
                seen.add(line.split()[1])
                progress.update(f"fetched {len(seen)} of {len(names)}")
            elif line.startswith("Installing collected"):
                progress.update("writing them to disk")

        command = [
            target / "bin" / "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
            "--no-compile",
            "-r",
            REQUIREMENTS,
        ]
        environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore"}
        if run_logged(command, setup_log(), on_line=show, env=environment) != 0:
            if unknown and seen - set(unknown):
                raise SetupError(
                    f"The package index has no {unknown[0]} for Python {sys.version.split()[0]}: start the "
                    "harness with another Python, for example 'python3.12 -m harness', or correct pip's "
                    f"index (details in {setup_log()})."
                )
            raise SetupError(
                "The Python packages cannot be installed: check the network (pip must reach a "
                f"package index) and the disk space, and run this again (details in {setup_log()})."
            )
    (target / "complete").touch()
    _prune(target)
    return python_path()


def _prune(newest: Path) -> None:
    """Remove the environments of older requirements, all but the last two."""
    others = [path for path in home().glob("venv-*") if path != newest]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[KEEP - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def _create(target: Path) -> bool:
    base = getattr(sys, "_base_executable", None) or sys.executable
    created = run_logged([base, "-m", "venv", "--clear", target], setup_log()) == 0
    return created and (target / "bin" / "pip").exists()


def continue_in_venv(arguments: list[str]) -> None:
    """Replace this process by the same command in the environment; returns if already there."""
    if Path(sys.prefix).resolve() == venv_dir().resolve():
        return
    if os.environ.get("AFTERSALES_IN_VENV"):
        raise SetupError(f"The Python environment in {venv_dir()} is broken: delete it and run this again.")
    python = str(python_path())
    sys.stderr.flush()
    sys.stdout.flush()
    os.execve(
        python,
        [python, "-m", "harness", *arguments],
        {**os.environ, "AFTERSALES_IN_VENV": "1"},
    )
