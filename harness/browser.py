"""Playwright over the machine's own Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .environment import Environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: Root needs --no-sandbox; the others keep Chromium from calling out on its own.
CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-features=Translate,OptimizationHints,MediaRouter",
)
#: Console messages that are none of the product's: Chromium's own remarks.
HARMLESS = (
    "Autofocus processing was blocked",
    "third-party cookie",
)


@contextmanager
def chromium(env: Environment) -> Iterator[Browser]:
    """Yield a headless browser and close it afterwards."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=env.chromium, headless=True, args=list(CHROMIUM_ARGS))
        try:
            yield browser
        finally:
            browser.close()


def watch_console(page: Page) -> list[str]:
    """Collect the page's console errors and uncaught exceptions in the returned list."""
    errors: list[str] = []

    def on_console(message) -> None:
        if message.type == "error" and not any(text in message.text for text in HARMLESS):
            where = message.location or {}
            errors.append(f"{message.text} ({where.get('url', '')})")

    page.on("console", on_console)
    page.on("pageerror", lambda error: errors.append(f"uncaught: {error}"))
    return errors


def log_in(page: Page, url: str, login: str, password: str | None = None) -> None:
    """Log in through the login page and wait until the web client is there."""
    page.goto(f"{url}/web/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", password or login)
    page.click("form.oe_login_form button[type=submit]")
    page.wait_for_selector(".o_web_client", timeout=60_000)
    page.wait_for_function("() => window.odoo && window.odoo.isReady === true", timeout=60_000)
