"""The demonstration store: its database, its logins and its address."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from . import database
from .environment import Environment
from .paths import ADDON
from .postgres import free_port
from .say import say

DATABASE = "aftersales_demo"
PORT = 8069


@dataclass(frozen=True)
class Login:
    """A person of the store who can log in; the password equals the login."""

    login: str
    name: str
    roles: tuple[str, ...]


def prepare_database(env: Environment, name: str, *, fresh: bool = False) -> bool:
    """Make the demo database unless it stands for the present code; tells whether it was made."""
    template = database.template_name(env, "addon", demo=True)
    if database.exists(env, name) and not fresh:
        if database.comment(env, name) == template:
            say(f"The demo database {name} is there and up to date (--fresh makes it anew).")
            return False
        say(f"The addon has changed since the demo database {name} was made: making it anew.")
    database.drop(env, name)
    database.copy(env, database.ensure_addon(env, demo=True), name)
    return True


def logins(env: Environment, name: str) -> list[Login]:
    """Return the active people who hold one of the addon's groups, with those groups' names.

    A group that another of the same person's groups implies is left out.
    """
    with database.connect(env, name) as cursor:
        cursor.execute(
            """
            WITH RECURSIVE mine AS (
                SELECT g.id, g.name->>'en_US' AS name, g.sequence
                  FROM res_groups g
                  JOIN ir_model_data d ON d.model = 'res.groups' AND d.res_id = g.id
                 WHERE d.module = %s
            ), implied(gid, hid) AS (
                SELECT gid, hid FROM res_groups_implied_rel
                 UNION
                SELECT i.gid, r.hid FROM implied i JOIN res_groups_implied_rel r ON r.gid = i.hid
            )
            SELECT u.login, p.name, array_agg(mine.name ORDER BY mine.sequence, mine.name)
              FROM res_users u
              JOIN res_partner p ON p.id = u.partner_id
              JOIN res_groups_users_rel l ON l.uid = u.id
              JOIN mine ON mine.id = l.gid
             WHERE u.active AND u.password IS NOT NULL AND NOT EXISTS (
                   SELECT FROM res_groups_users_rel o JOIN implied i ON i.gid = o.gid
                    WHERE o.uid = u.id AND i.hid = mine.id)
             GROUP BY u.id, u.login, p.name
             ORDER BY u.login = 'admin', min(mine.sequence), u.login
            """,
            (ADDON,),
        )
        return [Login(login, person, tuple(roles)) for login, person, roles in cursor.fetchall()]


def choose_port(wanted: int | None) -> int:
    """Return the port to serve on: the wanted one, else the usual one, else a free one."""
    if wanted:
        return wanted
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            return free_port()
    return PORT


def card(url: str, people: list[Login]) -> str:
    """Return what a person needs to walk in: the address and a login for every role."""
    lines = ["", f"  Open {url}/odoo in a browser. Logins (the password equals the login):", ""]
    width = max((len(person.login) for person in people), default=8)
    for person in people:
        lines.append(f"    {person.login:{width}}  {person.name} - {', '.join(person.roles)}")
    return "\n".join([*lines, ""])
