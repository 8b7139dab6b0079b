"""Drive the after-sales chain once on a running demo store, as its people would."""

from __future__ import annotations

from .browser import chromium, log_in, watch_console
from .clients import WebSession
from .demo import Login
from .environment import Environment
from .say import say


class ChainBroken(Exception):
    """A link of the chain did not hold; the message says which and how."""


def drive(env: Environment, url: str, db: str, people: list[Login]) -> None:
    """Log every role in and let the web client load for each, without a console error.

    ``ChainBroken`` names the first role for which that fails.
    """
    if not people:
        raise ChainBroken(f"{db} has no person with a role of the addon.")
    with chromium(env) as browser:
        for person in people:
            session = WebSession(url, db, person.login, person.login)
            menus = session.get("/web/webclient/load_menus").json()
            page = browser.new_page()
            errors = watch_console(page)
            log_in(page, url, person.login)
            page.close()
            if errors:
                raise ChainBroken(f"{person.login}: the browser's console shows {errors[0]}")
            say(f"{person.login}: logged in, {len(menus) - 1} menu entries")
