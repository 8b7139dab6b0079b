"""``python3 -m harness COMMAND``: find the command's file and run it.

A command is one file in ``harness/commands``: a docstring (its first line is the help), and
``add_arguments(parser)`` and ``run(args) -> int``.  ``SETUP = False`` in it means that it runs
without the Python environment.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys

from . import commands
from .errors import SetupError


def build_parser() -> tuple[argparse.ArgumentParser, dict[str, object]]:
    """Return the parser and the command modules by name."""
    parser = argparse.ArgumentParser(
        prog="python3 -m harness",
        description="From a bare Debian or Ubuntu machine to a running Odoo 19 with the addon.",
    )
    parser.add_argument("--odoo", metavar="PATH", help="Odoo 19 source to use (default: ODOO_HOME, then Debian's)")
    sub = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    modules = {}
    for info in pkgutil.iter_modules(commands.__path__):
        name = info.name.replace("_", "-")
        module = importlib.import_module(f"{commands.__name__}.{info.name}")
        summary = (module.__doc__ or "").strip().splitlines()[0]
        command = sub.add_parser(name, help=summary, description=module.__doc__)
        module.add_arguments(command)
        modules[name] = module
    return parser, modules


def main(argv: list[str] | None = None) -> int:
    """Run a command; a ``SetupError`` is printed as its sentence, with exit code 2."""
    arguments = sys.argv[1:] if argv is None else argv
    parser, modules = build_parser()
    args = parser.parse_args(arguments)
    module = modules[args.command]
    try:
        if getattr(module, "SETUP", True):
            from . import environment, venv

            environment.prepare_python()
            venv.continue_in_venv(arguments)
        return module.run(args) or 0
    except SetupError as error:
        print(f"harness: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno != 28:  # no space left on device
            raise
        print("harness: The disk is full: free about 4 GB and run this again.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nharness: interrupted; run the same command again to go on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
