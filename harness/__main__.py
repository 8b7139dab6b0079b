"""``python3 -m harness COMMAND``: find the command's file and run it.

A command is one file in ``harness/commands``: a docstring (its first line is the help), and
``add_arguments(parser)`` and ``run(args) -> int``; with ``RAW = True`` in it, ``args.arguments``
are its words as they were typed.  The file is imported inside the Python
environment only, so it may import the environment's packages.
"""

from __future__ import annotations

import argparse
import ast
import errno
import importlib
import pkgutil
import signal
import sys
from pathlib import Path

from . import commands, environment, venv
from .errors import SetupError

#: Commands that set nothing up and use the standard library alone.
BARE = ("stop",)


def summaries() -> dict[str, str]:
    """Return the first line of every command's docstring, without importing any."""
    found = {}
    for info in pkgutil.iter_modules(commands.__path__):
        source = Path(commands.__path__[0]) / f"{info.name}.py"
        text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
        found[info.name.replace("_", "-")] = text.strip().partition("\n")[0]
    return found


def top_parser() -> argparse.ArgumentParser:
    """Return the parser of everything before the command's own arguments."""
    known = summaries()
    width = max(map(len, known))
    listing = "\n".join(f"  {name:{width}}  {text}" for name, text in sorted(known.items()))
    parser = argparse.ArgumentParser(
        prog="python3 -m harness",
        description="From a bare Debian or Ubuntu machine to a running Odoo 19 with the addon.",
        epilog=f"commands:\n{listing}\n\n'python3 -m harness COMMAND --help' tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--odoo", metavar="PATH", help="Odoo 19 source to use (default: ODOO_HOME, then Debian's)")
    parser.add_argument("command", metavar="COMMAND", choices=sorted(known), help="what to do")
    return parser


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Split the words into those up to the command and the command's own."""
    index = 0
    while index < len(arguments) and arguments[index].startswith("-"):
        index += 2 if arguments[index] == "--odoo" else 1
    return arguments[: index + 1], arguments[index + 1 :]


def main(argv: list[str] | None = None) -> int:
    """Run a command; a ``SetupError`` is printed as its sentence, with exit code 2."""
    arguments = sys.argv[1:] if argv is None else argv
    front, own = split(arguments)
    top = top_parser().parse_args(front)
    # A polite end must run the clean-up too: servers are stopped, temporary databases dropped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if top.command not in BARE:
            environment.prepare_python()
            venv.continue_in_venv(arguments)
        module = importlib.import_module(f"{commands.__name__}.{top.command.replace('-', '_')}")
        parser = argparse.ArgumentParser(prog=f"python3 -m harness {top.command}", description=module.__doc__)
        module.add_arguments(parser)
        if getattr(module, "RAW", False) and not {"-h", "--help"} & set(own[:1]):
            args = argparse.Namespace(arguments=own)
        else:
            args = parser.parse_args(own)
        args.odoo = top.odoo
        return module.run(args) or 0
    except SetupError as error:
        print(f"harness: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print("harness: The disk is full: free about 4 GB and run this again.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nharness: interrupted; run the same command again to go on.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
