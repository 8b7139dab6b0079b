"""Find Odoo 19, or fetch it: a given checkout, an importable one, the operating system's package."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .errors import SetupError
from .paths import home, setup_log
from .say import run_logged, say, step

SERIES = 19
PACKAGE = "odoo-19"
#: Packages that hold the targets of the links in the Odoo package.  Without them the login
#: page answers 500.  The suites are tried in order: newer releases of some of these fonts
#: name their files differently.
LINKED_PACKAGES = {
    "fonts-font-awesome": ("bookworm", "trixie"),
    "fonts-inconsolata": ("bookworm", "trixie"),
    "fonts-ocr-b": ("bookworm", "trixie"),
    "fonts-roboto-unhinted": ("bookworm", "trixie"),
    "fonts-montserrat": ("sid",),
    "libjs-jquery": ("bookworm", "trixie"),
    "libjs-jquery-form": ("bookworm", "trixie"),
    "libjs-underscore": ("bookworm", "trixie"),
}
#: A file that Debian must leave out of the package for its licence.  The web client only loads
#: it to blur the background of a video call, but logs an error when it is absent.
STUB = Path("odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js")
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Odoo:
    """A usable Odoo: what to put on ``PYTHONPATH`` and where its addons are."""

    root: Path
    addons: tuple[Path, ...]
    version: str
    origin: str


def find_odoo(given: str | None = None) -> Odoo:
    """Return Odoo 19: ``--odoo``/``ODOO_HOME``, an importable one, else Debian's package."""
    given = given or os.environ.get("ODOO_HOME")
    if given:
        path = Path(given).expanduser().resolve()
        if not (path / "odoo" / "release.py").exists():
            raise SetupError(
                f"{path} holds no Odoo (no odoo/release.py): point --odoo or ODOO_HOME at a "
                f"checkout or unpacked source of Odoo {SERIES}."
            )
        return describe(path, "ODOO_HOME")
    importable = _importable()
    if importable:
        return importable
    return _packaged()


def describe(root: Path, origin: str) -> Odoo:
    """Describe the Odoo below ``root``; ``SetupError`` when it is another version."""
    text = (root / "odoo" / "release.py").read_text(encoding="utf-8")
    match = re.search(r"^version_info = \((\d+), (\d+), (\d+)", text, re.MULTILINE)
    version = ".".join(match.groups()) if match else "unknown"
    if not match or int(match.group(1)) != SERIES:
        raise SetupError(f"The Odoo in {root} is version {version}: Odoo {SERIES}.0 is needed; set ODOO_HOME to one.")
    # A checkout keeps most addons beside the package; an installed one keeps all inside it (and
    # Debian's package has a second, incomplete directory beside it, which must not be used).
    addons = [root / "odoo" / "addons"]
    if not (addons[0] / "web").is_dir():
        addons.append(root / "addons")
    return Odoo(root, tuple(addons), version, origin)


def _importable() -> Odoo | None:
    """Return the Odoo 19 that this Python can import, linked alone into the harness's home.

    Only the ``odoo`` directory is linked: its neighbours in ``site-packages`` must not
    hide the packages of our own environment.  Another version is passed over.
    """
    code = "import importlib.util as u; s = u.find_spec('odoo.release'); print(s.origin if s and s.origin else '')"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    found = subprocess.run(
        [getattr(sys, "_base_executable", None) or sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd="/",
        env=environment,
    ).stdout.strip()
    if not found:
        return None
    package = Path(found).parent
    root = home() / "odoo-importable"
    link = root / "odoo"
    root.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink() or link.resolve() != package.resolve():
        link.unlink(missing_ok=True)
        link.symlink_to(package)
    try:
        return describe(root, "importable")
    except SetupError:
        return None


def _packaged() -> Odoo:
    """Return the operating system's Odoo package, fetched and unpacked when it is not yet."""
    target = home() / "odoo"
    root = target / "usr" / "lib" / "python3" / "dist-packages"
    if not (target / "complete").exists():
        _fetch(target)
    return describe(root, f"package {PACKAGE}")


def _fetch(target: Path) -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise SetupError(f"This is no Debian or Ubuntu machine: set ODOO_HOME to an Odoo {SERIES}.0 source.")
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="odoo-fetch-", dir=home()) as name:
        work = Path(name)
        with step(f"Fetching {PACKAGE} and its linked packages") as progress:
            debs = _download(work, progress.update)
        unpacked = work / "root"
        with step(f"Unpacking {PACKAGE}") as progress:
            for number, deb in enumerate(debs, 1):
                progress.update(f"{number} of {len(debs)}")
                if run_logged(["dpkg", "-x", str(deb), str(unpacked)], setup_log()) != 0:
                    raise SetupError(
                        f"{deb.name} cannot be unpacked: free some disk space in {home()} "
                        f"(about 2 GB are needed) and run this again (details in {setup_log()})."
                    )
            repair(unpacked / "usr" / "lib" / "python3" / "dist-packages")
        (unpacked / "complete").write_text("".join(f"{deb.name}\n" for deb in debs))
        unpacked.rename(target)


def repair(root: Path) -> None:
    """Add what Debian leaves out, and check that no link of the package dangles."""
    stub = root / STUB
    if not stub.exists():
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text("/* left out by the distribution; background blur is unavailable */\n")
    dangling = [path for path in (root / "odoo" / "addons").rglob("*") if path.is_symlink() and not path.exists()]
    if dangling:
        say(
            f"{len(dangling)} file(s) of Odoo point to nothing, the first is {dangling[0].name}; "
            "some icons or fonts may be missing."
        )


def _download(work: Path, show) -> list[Path]:
    """Fetch the packages through a private apt state; the system's own apt is left as it is."""
    mirrors = debian_mirrors()
    if not mirrors:
        raise SetupError(
            "apt's sources name no Debian mirror, so Odoo cannot be fetched: set ODOO_HOME to an "
            f"Odoo {SERIES}.0 source."
        )
    if not _KEYRING.exists():
        raise SetupError("Debian's signing keys are missing: run 'apt-get install debian-archive-keyring'.")
    suites = dict.fromkeys(suite for names in LINKED_PACKAGES.values() for suite in names)
    for mirror in mirrors:
        for extra in (tuple(suites), ("bookworm", "sid"), ("trixie", "sid")):
            environment = _private_apt(work, mirror, extra)
            show("updating the private package list")
            if run_logged(["apt-get", "-q", "update"], setup_log(), env=environment) == 0:
                return _download_from(work, environment, extra, show)
    raise SetupError(
        f"{PACKAGE} cannot be fetched because no Debian mirror of apt's sources offers the suite "
        "'sid' or the network is down: check the network, or set ODOO_HOME to an Odoo "
        f"{SERIES}.0 source (details in {setup_log()})."
    )


def _download_from(work: Path, environment: dict[str, str], suites, show) -> list[Path]:
    debs = work / "debs"
    debs.mkdir(exist_ok=True)
    wanted = [f"{PACKAGE}/sid"]
    for package, choices in LINKED_PACKAGES.items():
        suite = next((choice for choice in choices if choice in suites), "sid")
        wanted.append(f"{package}/{suite}")

    def count(line: str) -> None:
        if line.startswith("Get:"):
            show(f"{line[4:].split(maxsplit=1)[0]} of {len(wanted)}")

    command = ["apt-get", "-q", "download", *wanted]
    if run_logged(command, setup_log(), env=environment, cwd=debs, on_line=count) != 0:
        raise SetupError(
            f"{PACKAGE} and its linked packages cannot be downloaded: check the network and run this "
            f"again, or set ODOO_HOME to an Odoo {SERIES}.0 source (details in {setup_log()})."
        )
    return sorted(debs.glob("*.deb"))


def _private_apt(work: Path, mirror: str, suites) -> dict[str, str]:
    """Write a complete apt state of our own; return the environment that makes apt use it."""
    state = work / "apt"
    shutil.rmtree(state, ignore_errors=True)
    for name in ("lists/partial", "cache/archives/partial", "etc", "state"):
        (state / name).mkdir(parents=True)
    (state / "state" / "status").touch()
    (state / "etc" / "sources.list").write_text(
        "".join(f"deb [signed-by={_KEYRING}] {mirror} {suite} main\n" for suite in suites)
    )
    config = state / "apt.conf"
    config.write_text(
        f'Dir::Etc::sourcelist "{state}/etc/sources.list";\n'
        'Dir::Etc::sourceparts "-";\n'
        'Dir::Etc::preferences "-";\n'
        'Dir::Etc::preferencesparts "-";\n'
        f'Dir::State "{state}/state";\n'
        f'Dir::State::status "{state}/state/status";\n'
        f'Dir::State::Lists "{state}/lists";\n'
        f'Dir::Cache "{state}/cache";\n'
        'APT::Sandbox::User "";\n'
        'APT::Update::Post-Invoke-Success "";\n'
        'Acquire::Languages "none";\n'
        'Acquire::PDiffs "false";\n'
        'Acquire::Retries "3";\n'
    )
    return {**os.environ, "APT_CONFIG": str(config), "LC_ALL": "C.UTF-8"}


def debian_mirrors() -> list[str]:
    """Return the addresses of the Debian mirrors that the machine's own apt uses, best first."""
    found = _lines(["apt-get", "indextargets", "--format", "$(REPO_URI)|$(ORIGIN)|$(LABEL)"])
    mirrors = [
        uri
        for uri, origin, label in (line.split("|") for line in found if line.count("|") == 2)
        if origin == "Debian" and label == "Debian"
    ]
    # Before the first "apt-get update" apt knows only the addresses in its sources.
    for line in _lines(["apt-get", "update", "--print-uris"]):
        match = re.match(r"'([^']+)/dists/([^/']+)/InRelease'", line)
        if match and "debian" in match.group(1) and "security" not in match.group(1):
            mirrors.append(match.group(1) + "/")
    return list(dict.fromkeys(uri.rstrip("/") for uri in mirrors))


def _lines(command: list[str]) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
