"""Packages of the operating system: what is missing, and how to get it."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import SetupError
from .paths import setup_log
from .say import run_logged, step

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: While postgresql is being installed, keeps Debian from starting a cluster that nobody asked for.
_NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/aftersales-crm-setup.conf")


def is_root() -> bool:
    """Tell whether packages can be installed without asking anyone."""
    return os.geteuid() == 0


def find_chromium() -> str | None:
    """Return the browser's path; ``CHROMIUM`` in the environment wins."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def find_postgres_bin() -> Path | None:
    """Return the directory with ``initdb`` and ``postgres``, the newest version first."""
    candidates = sorted(
        (Path(path) for path in glob.glob("/usr/lib/postgresql/*/bin")),
        key=lambda path: float(path.parent.name),
        reverse=True,
    )
    on_path = shutil.which("initdb")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    for path in candidates:
        if (path / "initdb").exists() and (path / "pg_ctl").exists():
            return path
    return None


def _has_cjk_font() -> bool:
    if not shutil.which("fc-list"):
        return bool(glob.glob("/usr/share/fonts/**/NotoSansCJK*", recursive=True))
    found = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True)
    return bool(found.stdout.strip())


def missing_packages(*, need_postgres: bool) -> list[str]:
    """Return the names of the Debian packages whose parts are not on this machine."""
    missing = []
    if need_postgres and not find_postgres_bin():
        missing.append("postgresql")
    if not find_chromium():
        missing.append("chromium")
    if not shutil.which("wkhtmltopdf"):
        missing.append("wkhtmltopdf")
    if not shutil.which("pdftoppm"):
        missing.append("poppler-utils")
    if not any(glob.glob(pattern) for pattern in ("/usr/lib/*/libmagic.so.1", "/usr/lib*/libmagic.so.1")):
        missing.append("libmagic1")
    if not _has_cjk_font():
        missing.append("fonts-noto-cjk")
    return missing


def install_packages(packages: list[str]) -> None:
    """Install Debian packages, with a package list update only when it is needed.

    Raises ``SetupError`` when that is not allowed or not possible here.
    """
    if not packages:
        return
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        raise SetupError(
            f"This machine lacks {names} and has no apt-get: install their equivalents by hand and run this again."
        )
    if not is_root():
        raise SetupError(
            f"This machine lacks some packages: run 'sudo apt-get install {names}' and then this command again."
        )
    with step(f"Installing {names}") as progress:

        def show(line: str) -> None:
            # "dlstatus:3:41.2:Retrieving ..." and "pmstatus:pkg:63.5:Unpacking ..."
            parts = line.split(":")
            if len(parts) >= 4 and parts[0] in ("dlstatus", "pmstatus"):
                verb = "downloading" if parts[0] == "dlstatus" else "unpacking"
                progress.update(f"{verb} {float(parts[2]):.0f} %")

        # Not tied to the harness: apt must not be ended in the middle of an installation.
        with _no_system_cluster("postgresql" in packages):
            command = [*_apt_get(), "install", "-y", "--no-install-recommends", *packages]
            if run_logged(command, setup_log(), env=_apt_env(), on_line=show, tied=False) == 0:
                return
            progress.update("updating the package list")
            if run_logged([*_apt_get(), "update"], setup_log(), env=_apt_env(), tied=False) != 0:
                raise SetupError(
                    "The package list cannot be updated: check the network and apt's sources "
                    f"('apt-get update' must succeed; details in {setup_log()})."
                )
            if run_logged(command, setup_log(), env=_apt_env(), on_line=show, tied=False) != 0:
                raise SetupError(
                    f"'apt-get install {names}' failed: make that command succeed and run this "
                    f"again (details in {setup_log()})."
                )


def _apt_get() -> list[str]:
    return [
        "apt-get",
        "-q",
        "-o",
        "APT::Status-Fd=1",
        "-o",
        "DPkg::Lock::Timeout=300",
        "-o",
        "Acquire::Retries=3",
    ]


def _apt_env() -> dict[str, str]:
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


@contextmanager
def _no_system_cluster(wanted: bool) -> Iterator[None]:
    """Tell Debian's postgresql package not to create its own cluster this once."""
    if not wanted:
        yield
        return
    try:
        _NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        _NO_CLUSTER.write_text("create_main_cluster = false\n")
    except OSError:
        pass  # then Debian creates one; it does no harm, ours is apart
    try:
        yield
    finally:
        _NO_CLUSTER.unlink(missing_ok=True)
