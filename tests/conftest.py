"""What every test from outside needs: a database, a server, a browser, a client.

The tests see Odoo as the world does: through its processes, its HTTP server and its pages. They
never import the addon.  Databases are copies of templates, made in a second and dropped again.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

import pytest

from harness import browser as browsers
from harness import clients, database, environment
from harness.environment import Environment
from harness.paths import REPO
from harness.server import OdooServer

#: Whether the test itself failed, kept on the test.
FAILED = pytest.StashKey[bool]()
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def odoo_env() -> Environment:
    """The facts of the machine: Python, Odoo, database server, browser."""
    return environment.prepare()


@pytest.fixture(scope="session")
def make_database(odoo_env: Environment) -> Iterator[Callable[..., str]]:
    """``make_database(demo=False, base=False) -> name``; dropped when the session ends.

    For a database that several tests of a module share; most tests want ``database``.
    """
    made: list[str] = []
    # One code state for the whole session, also when somebody edits the addon meanwhile.
    templates: dict[tuple[bool, bool], str] = {}
    stem = database.temporary_name(odoo_env, "test")

    def make(*, demo: bool = False, base: bool = False) -> str:
        name = f"{stem}_{next(_numbers)}"
        if (base, demo) not in templates:
            ensure = database.ensure_base if base else database.ensure_addon
            templates[base, demo] = ensure(odoo_env, demo=demo)
        made.append(name)
        database.copy(odoo_env, templates[base, demo], name)
        return name

    yield make
    for name in made:
        database.drop(odoo_env, name)


@pytest.fixture
def dropped_last(odoo_env: Environment) -> Iterator[list[str]]:
    """Databases to drop when the test's servers have stopped, whatever its fixtures' order."""
    names: list[str] = []
    yield names
    for name in names:
        database.drop(odoo_env, name)


@pytest.fixture(name="database")
def fixture_database(make_database: Callable[..., str], dropped_last: list[str]) -> str:
    """A fresh database with the addon, without demonstration data."""
    name = make_database()
    dropped_last.append(name)
    return name


@pytest.fixture
def demo_database(make_database: Callable[..., str], dropped_last: list[str]) -> str:
    """A fresh database with the addon and its demonstration store."""
    name = make_database(demo=True)
    dropped_last.append(name)
    return name


@pytest.fixture
def allow_log() -> list[str]:
    """Regular expressions of server errors that the test provokes on purpose; add to it."""
    return []


@pytest.fixture
def start_server(
    odoo_env: Environment, allow_log: list[str], dropped_last: list[str]
) -> Iterator[Callable[..., OdooServer]]:
    """``start_server(db, workers=0, cron_threads=0, ...)``: a real server, watched and stopped.

    The test fails when a server that it started has logged an error.
    """
    servers: list[OdooServer] = []

    def start(db: str, **options) -> OdooServer:
        server = OdooServer(odoo_env, db, **options)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.stop()
    problems = [problem for server in servers for problem in server.problems(allow_log)]
    assert not problems, f"Odoo logged {len(problems)} error(s):\n" + "\n".join(problems[:5])


@pytest.fixture
def server(start_server: Callable[..., OdooServer], database: str) -> OdooServer:
    """A server on ``database``."""
    return start_server(database)


@pytest.fixture
def demo_server(start_server: Callable[..., OdooServer], demo_database: str) -> OdooServer:
    """A server on ``demo_database``."""
    return start_server(demo_database)


@pytest.fixture(scope="session")
def browser(odoo_env: Environment):
    """One headless browser for the session."""
    with browsers.chromium(odoo_env) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Note for the fixtures whether the test itself failed."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def patient_expectations() -> None:
    """What a page is to show may take as long as any of its other steps: a save waits for a busy server."""
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)


@pytest.fixture
def open_page(
    browser, patient_expectations, request: pytest.FixtureRequest, start_server: Callable
) -> Iterator[Callable]:
    """``open_page(locale="en-US")``: a page with cookies of its own, watched for console errors.

    The errors are in ``page.errors``; the test fails when a page that it opened has some.  A
    picture of every page of a failed test is left in ``test-results/``.  The fixture asks for
    ``start_server`` so that its pages close before the servers stop.
    """
    contexts, pages = [], []

    def open_one(*, locale: str = "en-US", timezone: str = "Asia/Shanghai", **options):
        context = browser.new_context(
            locale=locale, timezone_id=timezone, viewport={"width": 1440, "height": 900}, **options
        )
        # Twice the usual: on a machine with two cores the tests share them with Odoo's own.
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.errors = browsers.watch_console(page)
        pages.append(page)
        return page

    yield open_one
    errors = [error for page in pages for error in page.errors]
    if request.node.stash.get(FAILED, False):
        for number, page in enumerate(pages):
            name = re.sub(r"\W+", "-", request.node.name)
            page.screenshot(path=REPO / "test-results" / f"{name}-{number}.png")
            print(f"page {number} was at {page.url}")
    for context in contexts:
        context.close()
    assert not errors, "The browser's console shows errors:\n" + "\n".join(errors)


@pytest.fixture
def page(open_page: Callable):
    """One page in English."""
    return open_page()


@pytest.fixture
def rpc(odoo_env: Environment) -> Callable[[OdooServer, str], clients.Json2]:
    """``rpc(server, login)``: a JSON-2 client of that server as that user."""

    def connect(server: OdooServer, login: str = "admin") -> clients.Json2:
        key = clients.api_key(odoo_env, server.database, login)
        return clients.Json2(server.url, server.database, key)

    return connect
