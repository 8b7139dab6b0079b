"""The addon's translation files: written from the database, and checked for completeness."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from . import database
from .environment import Environment
from .errors import SetupError
from .paths import ADDON, ADDON_DIR

LANGUAGE = "zh_CN"
POT = ADDON_DIR / "i18n" / f"{ADDON}.pot"
PO = ADDON_DIR / "i18n" / f"{LANGUAGE}.po"
_PLACEHOLDER = re.compile(r"%\(\w+\)[sdfi]|%[sdfi]|\{\{.*?\}\}|\{\w*\}")
#: Header fields that change with every export and say nothing.
_VOLATILE = ("POT-Creation-Date", "PO-Revision-Date")


def export(env: Environment, db: str, target: Path) -> None:
    """Write the addon's term template, as Odoo exports it from ``db``, to ``target``."""
    done = subprocess.run(
        [
            str(env.python),
            "-m",
            "odoo",
            "i18n",
            "export",
            "-c",
            str(env.odoo_conf),
            "-d",
            db,
            "-l",
            "pot",
            "-o",
            str(target),
            "--",
            ADDON,
        ],
        capture_output=True,
        text=True,
        env=env.process_env(),
    )
    if done.returncode != 0 or not target.exists():
        raise SetupError(f"Odoo cannot export the terms of {ADDON}:\n{done.stderr[-2000:]}")


def fresh_pot(env: Environment, db: str):
    """Return the addon's terms as they are now, as a polib file."""
    import polib

    with tempfile.TemporaryDirectory() as name:
        target = Path(name) / f"{ADDON}.pot"
        export(env, db, target)
        pot = polib.pofile(str(target), wrapwidth=78)
    for field in _VOLATILE:
        pot.metadata.pop(field, None)
    return pot


def update(env: Environment, db: str) -> tuple[int, int]:
    """Rewrite the pot and merge it into the Chinese file.

    Keeps every translation whose term still exists, also when the term has moved; returns the
    number of terms and how many of them lack a translation.
    """
    import polib

    pot = fresh_pot(env, db)
    POT.parent.mkdir(exist_ok=True)
    pot.save(str(POT))
    known = {}
    if PO.exists():
        known = {entry.msgid: entry for entry in polib.pofile(str(PO)) if entry.msgstr}
    po = polib.POFile(wrapwidth=78)
    po.header = pot.header
    po.metadata = {**pot.metadata, "Language": LANGUAGE}
    for term in pot:
        old = known.get(term.msgid)
        po.append(
            polib.POEntry(
                msgid=term.msgid,
                msgstr=old.msgstr if old else "",
                comment=term.comment,
                tcomment=old.tcomment if old else "",
                occurrences=term.occurrences,
                flags=list(dict.fromkeys(term.flags + (["fuzzy"] if old and old.fuzzy else []))),
            )
        )
    po.save(str(PO))
    return len(pot), sum(not entry.msgstr for entry in po)


def problems(env: Environment, db: str) -> list[str]:
    """Return what is wrong with the addon's translation files, one sentence each."""
    import polib

    remedy = "run 'python3 -m harness i18n'"
    if not POT.exists() or not PO.exists():
        return [f"{POT.name} or {PO.name} is missing: {remedy}."]
    now = {entry.msgid for entry in fresh_pot(env, db)}
    pot = {entry.msgid for entry in polib.pofile(str(POT))}
    po = {entry.msgid: entry for entry in polib.pofile(str(PO)) if not entry.obsolete}
    found = []
    for msgid in sorted(now - pot):
        found.append(f"{POT.name} lacks {_short(msgid)}: {remedy}.")
    for msgid in sorted(pot - now):
        found.append(f"{POT.name} has {_short(msgid)}, which the addon no longer has: {remedy}.")
    for msgid in sorted(now):
        entry = po.get(msgid)
        if entry is None or not entry.msgstr:
            found.append(f"{PO.name} has no translation of {_short(msgid)}.")
        elif entry.fuzzy:
            found.append(f"{PO.name}: the translation of {_short(msgid)} is marked fuzzy.")
        elif sorted(_PLACEHOLDER.findall(msgid)) != sorted(_PLACEHOLDER.findall(entry.msgstr)):
            found.append(f"{PO.name}: the placeholders of {_short(msgid)} differ.")
    return found


def check_copy(env: Environment) -> list[str]:
    """Return the problems, looked up in a copy of the addon template that is dropped again."""
    name = database.temporary_name(env, "i18n")
    database.copy(env, database.ensure_addon(env), name)
    try:
        return problems(env, name)
    finally:
        database.drop(env, name)


def _short(msgid: str) -> str:
    text = " ".join(msgid.split())
    return f"'{text[:60]}{'…' if len(text) > 60 else ''}'"
