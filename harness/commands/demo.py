"""Serve a small believable store, with one login per role; Ctrl-C ends it."""

from __future__ import annotations

import argparse

from .. import chain, demo
from ..environment import prepare
from ..errors import SetupError
from ..say import say
from ..server import OdooServer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``demo``."""
    parser.add_argument("--port", type=int, help=f"port to serve on (default {demo.PORT})")
    parser.add_argument("--interface", default="127.0.0.1", help="address to serve on")
    parser.add_argument("--db", default=demo.DATABASE, help="name of the database")
    parser.add_argument("--fresh", action="store_true", help="make the database anew")
    parser.add_argument("--check", action="store_true", help="drive the chain once, stop, and exit 0 when it holds")


def run(args: argparse.Namespace) -> int:
    """Build what is missing, serve, and wait (or check and stop)."""
    env = prepare(args.odoo)
    # A check changes the data, so it starts from fresh data and leaves a used database alone.
    name = f"{args.db}_check" if args.check and args.db == demo.DATABASE else args.db
    demo.prepare_database(env, name, fresh=args.fresh or args.check)
    people = demo.logins(env, name)
    server = OdooServer(
        env,
        name,
        port=demo.choose_port(args.port),
        interface=args.interface,
        cron_threads=0 if args.check else 1,
    )
    say("Starting Odoo")
    with server:
        print(demo.card(server.url, people), flush=True)
        if args.check:
            return _check(server, env, people)
        say("Serving; press Ctrl-C to stop.")
        assert server.process is not None
        try:
            code = server.process.wait()
        except KeyboardInterrupt:
            say("Stopping")
            return 0
    raise SetupError(f"Odoo ended by itself with exit code {code}: see {server.log}.")


def _check(server: OdooServer, env, people) -> int:
    try:
        chain.drive(env, server.url, server.database, people)
    except chain.ChainBroken as error:
        say(f"The chain broke: {error}")
        return 1
    problems = server.problems()
    if problems:
        say(f"Odoo logged {len(problems)} error(s), the first:\n{problems[0]}")
        return 1
    say("The chain holds.")
    return 0
