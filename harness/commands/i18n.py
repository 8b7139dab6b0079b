"""Write the addon's term template and merge it into the Chinese translation, or check both."""

from __future__ import annotations

import argparse

from .. import database, translations
from ..environment import prepare
from ..say import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``i18n``."""
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 on a gap")


def run(args: argparse.Namespace) -> int:
    """Update the files, or print what is wrong with them."""
    env = prepare(args.odoo)
    if args.check:
        found = translations.check_copy(env)
        print("\n".join(found) or "The translations are complete.")
        return 1 if found else 0
    name = database.temporary_name(env, "i18n")
    database.copy(env, database.ensure_addon(env), name)
    try:
        terms, open_terms = translations.update(env, name)
    finally:
        database.drop(env, name)
    say(f"{translations.POT.name}: {terms} terms; {translations.PO.name}: {open_terms} without a translation.")
    return 0
