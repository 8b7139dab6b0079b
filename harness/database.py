"""Databases and their filestores: templates built once per code state, copies in seconds.

A template is built under another name and renamed when complete, so that a template that
exists is whole.  Each has four sorts: the addon's dependencies only (``base``) or the addon
too (``addon``), each without or with demonstration data (``_demo``).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import odoo_shell
from .environment import Environment
from .errors import SetupError
from .lock import locked
from .paths import ADDON, ADDON_DIR, log_dir
from .say import run_logged, say, step, tail
from .venv import requirements_key

#: What the addon depends on, installed in the base template.  It may name more than the
#: manifest does; that only costs the modules' own time.
DEPENDENCIES = ("mail", "resource", "fleet", "phone_validation", "portal")
LANGUAGES = ("en_US", "zh_CN")
PREFIX = "aftersales_tpl"
#: Templates of a sort that are kept; several checkouts may share them.
KEEP = 6
#: No onboarding bubbles over the pages, and no weekly report to Odoo's maker.
_QUIETEN = """
env['res.users'].with_context(active_test=False).search([]).write({'tour_enabled': False})
env.ref('mail.ir_cron_module_update_notification').active = False
env.cr.commit()
"""
#: Makes the web client's bundles beforehand, so that no first page waits for them.
_BUNDLE = "env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()\n"
#: Directories of the addon whose content leaves no trace in a database.
_NOT_IN_DATABASE = {"tests", "__pycache__", "build", "dist"}


@contextmanager
def connect(env: Environment, name: str = "postgres") -> Iterator[Any]:
    """Yield a cursor in autocommit mode on the database ``name``."""
    import psycopg2  # only in the environment, which may not exist when this file is read

    server = env.server
    connection = psycopg2.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password or None,
        dbname=name,
    )
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def exists(env: Environment, name: str) -> bool:
    """Tell whether a database of that name exists."""
    with connect(env) as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        return cursor.fetchone() is not None


def names(env: Environment, prefix: str) -> list[str]:
    """Return the names of the databases that begin with ``prefix``."""
    with connect(env) as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY datname",
            (prefix,),
        )
        return [row[0] for row in cursor.fetchall()]


def filestore(env: Environment, name: str) -> Path:
    """Return the directory where Odoo keeps the attachments of a database."""
    return env.data_dir / "filestore" / name


def temporary_name(env: Environment, purpose: str) -> str:
    """Return a database name for this process; drops those that ended processes left behind."""
    prefix = f"aftersales_{purpose}_"
    for name in names(env, prefix):
        number = name[len(prefix) :].split("_")[0]
        if number.isdigit() and not _lives(int(number)):
            drop(env, name)
    return f"{prefix}{os.getpid()}"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def drop(env: Environment, name: str) -> None:
    """Drop a database, closing its connections, and its filestore.  Missing is fine."""
    import psycopg2

    for attempt in range(5):
        try:
            with connect(env) as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")
            break
        except psycopg2.errors.InsufficientPrivilege:
            # The server's own vacuum is at work there, which only its superuser may end: it is soon done.
            if attempt == 4:
                raise
            time.sleep(0.5 * (attempt + 1))
    shutil.rmtree(filestore(env, name), ignore_errors=True)


def copy(env: Environment, source: str, target: str) -> None:
    """Copy a database with its filestore.

    The filestore's files are named after their content and never changed in place, so the
    copy shares them by hard links.  The source is noted as the copy's comment.
    """
    check_name(target)
    shutil.rmtree(filestore(env, target), ignore_errors=True)
    if filestore(env, source).exists():
        shutil.copytree(filestore(env, source), filestore(env, target), copy_function=_link)
    import psycopg2

    for attempt in range(5):
        try:
            with connect(env) as cursor:
                # PostgreSQL copies only a database that nobody is connected to.
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = %s AND usename = current_user",
                    (source,),
                )
                cursor.execute(f"CREATE DATABASE {_quoted(target)} TEMPLATE {_quoted(source)}")
                cursor.execute(f"COMMENT ON DATABASE {_quoted(target)} IS %s", (source,))
            return
        except psycopg2.errors.ObjectInUse:
            if attempt == 4:
                raise
            time.sleep(0.5 * (attempt + 1))


def create_empty(env: Environment, name: str) -> None:
    """Create an empty database as Odoo itself would."""
    check_name(name)
    with connect(env) as cursor:
        cursor.execute(f"CREATE DATABASE {_quoted(name)} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C'")


def rename(env: Environment, source: str, target: str) -> None:
    """Rename a database; its filestore first, so that a renamed database is whole."""
    shutil.rmtree(filestore(env, target), ignore_errors=True)
    if filestore(env, source).exists():
        filestore(env, source).rename(filestore(env, target))
    with connect(env) as cursor:
        cursor.execute(f"ALTER DATABASE {_quoted(source)} RENAME TO {_quoted(target)}")


def comment(env: Environment, name: str) -> str | None:
    """Return the comment of a database: the template it was copied from."""
    with connect(env) as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            (name,),
        )
        row = cursor.fetchone()
        return row[0] if row else None


def set_comment(env: Environment, name: str, text: str) -> None:
    """Note something about a database where every tool sees it."""
    with connect(env) as cursor:
        cursor.execute(f"COMMENT ON DATABASE {_quoted(name)} IS %s", (text,))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def check_name(name: str) -> None:
    """Raise ``SetupError`` for a name that Odoo would not accept."""
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}", name):
        raise SetupError(f"'{name}' is no database name: use letters, digits, '_', '.', '-', at most 63.")


def addon_key(directory: Path = ADDON_DIR) -> str:
    """Return a short hash of every file of the addon that can leave a trace in a database."""
    digest = hashlib.sha256()
    for path in _addon_files(directory):
        digest.update(str(path.relative_to(directory)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:10]


def _addon_files(directory: Path) -> Iterable[Path]:
    for root, folders, files in os.walk(directory):
        folders[:] = sorted(
            folder for folder in folders if folder not in _NOT_IN_DATABASE and not folder.endswith(".egg-info")
        )
        for name in sorted(files):
            if not name.endswith((".pyc", ".swp", "~")):
                yield Path(root) / name


def base_key(env: Environment) -> str:
    """Return a short hash of what the base template is made from."""
    parts = [
        env.odoo.version,
        str(env.odoo.root),
        requirements_key(),
        _QUIETEN + _BUNDLE,
        *DEPENDENCIES,
        *LANGUAGES,
    ]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:10]


def template_name(env: Environment, kind: str, *, demo: bool = False) -> str:
    """Return the name of a template (``base`` or ``addon``) for the present code state."""
    key = base_key(env)
    if kind == "addon":
        key = hashlib.sha256((key + addon_key()).encode()).hexdigest()[:10]
    return f"{PREFIX}_{kind}{'_demo' if demo else ''}_{key}"


def is_whole(env: Environment, name: str) -> bool:
    """Tell whether a template has its database and its filestore.

    The two lie in different places: a home that was deleted leaves the database behind.
    """
    return exists(env, name) and filestore(env, name).is_dir()


def ensure_base(env: Environment, *, demo: bool = False) -> str:
    """Return the base template, built when missing."""
    name = template_name(env, "base", demo=demo)
    if is_whole(env, name):
        return name
    with locked(f"template-base{'-demo' if demo else ''}"):
        if not is_whole(env, name):
            drop(env, name)
            building = f"{name}_new"
            drop(env, building)
            create_empty(env, building)
            label = "Building the base database" + (" with demo data" if demo else "")
            with step(label) as progress:
                install(env, building, DEPENDENCIES, demo=demo, progress=progress.update)
                # The addon's template keeps those bundles that the addon does not change.
                progress.update("bundling the web client")
                run_script(env, building, _QUIETEN + _BUNDLE)
            rename(env, building, name)
            _prune(env, "base", demo, name)
    return name


def ensure_addon(env: Environment, *, demo: bool = False) -> str:
    """Return the template with the addon installed, built when missing."""
    base = ensure_base(env, demo=demo)
    name = template_name(env, "addon", demo=demo)
    if is_whole(env, name):
        return name
    if not (ADDON_DIR / "__manifest__.py").exists():
        raise SetupError(f"There is no addon in {ADDON_DIR} (no __manifest__.py).")
    with locked(f"template-addon{'-demo' if demo else ''}"):
        if not is_whole(env, name):
            drop(env, name)
            building = f"{name}_new"
            drop(env, building)
            copy(env, base, building)
            label = f"Installing {ADDON}" + (" with demo data" if demo else "")
            with step(label) as progress:
                install(env, building, (ADDON,), demo=demo, progress=progress.update)
                progress.update("bundling the web client")
                run_script(env, building, _BUNDLE)
            # Edited meanwhile: then nobody knows which code this database was made from.
            now = template_name(env, "addon", demo=demo)
            if now == name:
                rename(env, building, name)
                _prune(env, "addon", demo, name)
                return name
            drop(env, building)
    if is_whole(env, name):
        return name
    say("The addon was edited while its template was being built: building it again.")
    return ensure_addon(env, demo=demo)


def _prune(env: Environment, kind: str, demo: bool, newest: str) -> None:
    """Drop the oldest templates of a sort, keeping ``KEEP``, and what killed builds left.

    The caller holds the sort's lock, so nobody else is building one.
    """
    pattern = re.compile(rf"{PREFIX}_{kind}{'_demo' if demo else ''}_[0-9a-f]{{10}}(_new)?$")
    with connect(env) as cursor:
        cursor.execute("SELECT datname FROM pg_database ORDER BY oid DESC")
        found = [row[0] for row in cursor.fetchall() if pattern.match(row[0])]
    whole = [name for name in found if not name.endswith("_new") and name != newest]
    for name in whole[KEEP - 1 :] + [name for name in found if name.endswith("_new")]:
        drop(env, name)


def install(
    env: Environment,
    name: str,
    modules: Iterable[str],
    *,
    demo: bool = False,
    progress=lambda text: None,
) -> None:
    """Install modules with all languages; ``SetupError`` with the log's end when it fails."""
    log = log_dir() / f"install-{name}.log"
    log.unlink(missing_ok=True)

    def show(line: str) -> None:
        match = re.search(r"Loading module (\w+) \((\d+)/(\d+)\)", line)
        if match:
            progress(f"{match[1]}, {match[2]} of {match[3]}")

    command = [
        env.python,
        "-m",
        "odoo",
        "server",
        "-c",
        env.odoo_conf,
        "-d",
        name,
        "-i",
        ",".join(modules),
        f"--load-language={','.join(LANGUAGES)}",
        "--stop-after-init",
        "--no-http",
        "--max-cron-threads=0",
    ]
    if demo:
        command.append("--with-demo")
    code = run_logged(command, log, env=env.process_env(), on_line=show)
    text = log.read_text(encoding="utf-8", errors="replace")
    errors = [line for line in text.splitlines() if re.search(r" (ERROR|CRITICAL) ", line)]
    # A failing demo file only warns, and the modules would look installed without it.
    errors += [line for line in text.splitlines() if "demo data failed to install" in line]
    if code != 0 or errors:
        shown = "\n".join(errors[:5]) or tail(log)
        raise SetupError(f"Installing {', '.join(modules)} into {name} failed:\n{shown}\nThe full log is {log}.")


def run_script(env: Environment, name: str, script: str) -> None:
    """Run a short script in Odoo's shell; ``SetupError`` with its traceback when it fails."""
    done = odoo_shell.run(env, name, script)
    if done.returncode != 0 or "Traceback (most recent call last)" in done.stderr:
        raise SetupError(f"A set-up script failed in {name}:\n{done.stderr.strip()[-2000:]}")


def ensure_database(env: Environment, name: str, *, demo: bool = False) -> bool:
    """Create ``name`` from the addon template when missing; tells whether it was created."""
    check_name(name)
    if exists(env, name):
        return False
    copy(env, ensure_addon(env, demo=demo), name)
    return True


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
