"""Everything set up, in the right order, as one value that the commands work with."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from . import odoo_source, postgres, system, venv
from .lock import locked
from .odoo_source import Odoo
from .paths import ADDONS_DIR, home
from .postgres import Server


@dataclass(frozen=True)
class Environment:
    """A machine on which Odoo runs."""

    python: Path
    odoo: Odoo
    server: Server
    chromium: str
    data_dir: Path
    odoo_conf: Path

    @property
    def addons_path(self) -> str:
        """Odoo's ``--addons-path``: its own directories, then the project's."""
        return ",".join(str(path) for path in (*self.odoo.addons, ADDONS_DIR))

    def process_env(self) -> dict[str, str]:
        """Return the environment variables for a process that imports Odoo."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        env["PYTHONPATH"] = str(self.odoo.root)
        env["ODOO_RC"] = str(self.odoo_conf)
        env["LC_ALL"] = "C.UTF-8"
        # Odoo looks for its browser on the path under a few fixed names.
        env["PATH"] = os.pathsep.join([str(self.python.parent), env.get("PATH", "")])
        env.pop("AFTERSALES_IN_VENV", None)
        return env


def prepare_python(odoo: str | None = None) -> None:
    """Do the part of the set-up that needs only the standard library.

    Afterwards the environment's Python exists and the command can go on inside it.
    """
    if venv.is_ready():
        return
    with locked("setup"):
        venv.ensure_venv()


def prepare(odoo: str | None = None) -> Environment:
    """Set up whatever is missing and return the environment.  Runs inside the venv."""
    need_postgres = postgres.external_server() is None
    if system.missing_packages(need_postgres=need_postgres):
        with locked("setup"):
            system.install_packages(system.missing_packages(need_postgres=need_postgres))
    found = odoo or os.environ.get("ODOO_HOME")
    if not found and not (home() / "odoo" / "complete").exists():
        with locked("setup"):
            source = odoo_source.find_odoo()
    else:
        source = odoo_source.find_odoo(found)
    server = postgres.ensure_server()
    data_dir = home() / "data"
    data_dir.mkdir(parents=True, exist_ok=True)
    env = Environment(
        python=venv.python_path(),
        odoo=source,
        server=server,
        chromium=system.find_chromium() or "",
        data_dir=data_dir,
        # Named after the checkout: several may share a home, each with its own addons path.
        odoo_conf=home() / f"odoo-{hashlib.sha256(str(ADDONS_DIR).encode()).hexdigest()[:8]}.conf",
    )
    write_conf(env)
    return env


def write_conf(env: Environment) -> None:
    """Write Odoo's configuration file, readable by its owner only."""
    lines = [
        "[options]",
        f"addons_path = {env.addons_path}",
        f"data_dir = {env.data_dir}",
        f"db_host = {env.server.host}",
        f"db_port = {env.server.port}",
        f"db_user = {env.server.user}",
        *([f"db_password = {env.server.password}"] if env.server.password else []),
        "http_interface = 127.0.0.1",
        "admin_passwd = admin",
        "list_db = False",
        "",
    ]
    text = "\n".join(lines)
    if env.odoo_conf.exists() and env.odoo_conf.read_text() == text:
        return
    fresh = env.odoo_conf.with_suffix(f".{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(env.odoo_conf)
