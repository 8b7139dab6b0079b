"""A person at a browser, in words of the web client: fields and buttons by their technical names.

Technical names are the same in every language, so that one journey serves all of them.  Nothing sleeps: each step
waits for the answer of the server or for what it shows on the screen.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, Response, TimeoutError, expect

from harness.browser import log_in

#: A directory for pictures of the steps; none are taken without it.
PICTURES = os.environ.get("AFTERSALES_PICTURES", "")
FORM = ".o_action_manager .o_form_view"


class Refused(AssertionError):
    """The server refused what a button asked for."""


class Person:
    """One logged-in person with one page."""

    def __init__(self, open_page: Callable[..., Page], url: str, login: str, label: str, **options) -> None:
        self.page = open_page(**options)
        self.page.set_default_timeout(20_000)
        self.url = url
        self.label = label
        self.shots = 0
        log_in(self.page, url, login)

    # Going somewhere -------------------------------------------------

    def open(self, path: str, wait: str = FORM) -> None:
        """Open a path under /odoo and wait for its view."""
        self.page.goto(f"{self.url}/odoo/{path}")
        self.page.wait_for_selector(wait)

    def picture(self, name: str) -> None:
        """Keep a picture of the screen, when pictures are asked for."""
        if PICTURES:
            self.shots += 1
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(PICTURES, f"{self.label}-{self.shots:02d}-{name}.png"))

    # Forms -----------------------------------------------------------

    @property
    def root(self) -> Locator:
        """The dialog on top, else the form."""
        dialogs = self.page.locator(".o_dialog .modal-content")
        return dialogs.last if dialogs.count() else self.page.locator(FORM)

    def field(self, name: str) -> Locator:
        """The widget of a field."""
        return self.root.locator(f".o_field_widget[name='{name}']").first

    def fill(self, name: str, value: str) -> None:
        """Type a value into a field."""
        self.field(name).locator("input:visible, textarea:visible").first.fill(value)

    def date(self, name: str, value: datetime.date, shown: datetime.date, widget: Locator | None = None) -> None:
        """Choose a date in the calendar, which opens on the month of the date ``shown``."""
        widget = widget or self.field(name)
        widget.locator("input:visible, button:visible").first.click()
        calendar = self.page.locator(".o_datetime_picker")
        months = (value.year - shown.year) * 12 + value.month - shown.month
        for _month in range(abs(months)):
            calendar.locator(".o_next" if months > 0 else ".o_previous").first.click()
        calendar.locator(".o_date_item_cell:not(.o_out_of_range)").nth(value.day - 1).click()
        self.page.keyboard.press("Escape")
        expect(calendar).to_have_count(0)

    def pick(self, name: str, text: str, widget: Locator | None = None) -> None:
        """Choose a record by its name, into a box or as one more tag.

        A form that is recomputed in the background may close the list and empty the box: then the person types again.
        """
        widget = widget or self.field(name)
        box = widget.locator("input:visible").first
        items = self.page.locator(".o-autocomplete--dropdown-item:not(.o_m2o_dropdown_option)")
        for attempt in range(5):
            # Typing opens the list; a click would ask for it once more, and the late answer would open it again.
            box.fill("")
            box.fill(text)
            try:
                items.filter(has_text=text).first.click(timeout=4_000)
                self._expect_chosen(widget, box, text)
                return
            except (TimeoutError, AssertionError):
                if attempt == 4:
                    raise

    def _expect_chosen(self, widget: Locator, box: Locator, text: str) -> None:
        """Wait until the box holds the name, or a tag does where the field takes several."""
        if "many2many" in (widget.get_attribute("class") or ""):
            widget.locator(".o_tag", has_text=text).first.wait_for(timeout=4_000)
        else:
            expect(box).to_have_value(re.compile(re.escape(text)), timeout=4_000)
        menu = self.page.locator(".o-autocomplete--dropdown-menu")
        if menu.count():
            # A list that opens again by itself is left as a person leaves it: by going on to the next field.
            box.press("Tab")
        expect(menu).to_have_count(0)

    def choose(self, name: str, value: str) -> None:
        """Choose a radio button."""
        self.field(name).locator(f"input[data-value='{value}']").check()

    def tab(self, name: str) -> None:
        """Open a page of the notebook."""
        self.root.locator(f".o_notebook_headers .nav-link[name='{name}']").click()
        expect(self.root.locator(f".o_notebook_headers .nav-link[name='{name}']")).to_have_class(
            re.compile(r"\bactive\b")
        )

    def save(self) -> None:
        """Save the form and wait until it is saved."""
        with self.page.expect_response(lambda answer: answer.url.endswith("/web_save")) as waiting:
            self.page.locator(".o_form_button_save").first.click()
        self._check(waiting.value)
        expect(self.page.locator(".o_form_button_save:visible")).to_have_count(0)

    def press(self, name: str, css: str = "", *, confirm: bool = False) -> None:
        """Press a button and wait until the server has answered; a refusal fails with its words."""
        button = self.root.locator(f"button[name='{name}']{css}:visible").first
        with self.page.expect_response(lambda answer: answer.url.endswith(f"/{name}"), timeout=60_000) as waiting:
            button.click()
            if confirm:
                self.page.locator(".o_dialog .modal-footer .btn-primary").click()
        self._check(waiting.value)

    def dialog(self, name: str, css: str = "") -> None:
        """Press a button that opens a dialog, and wait for it."""
        self.press(name, css)
        self.page.wait_for_selector(".o_dialog .o_form_view")

    def apply(self, name: str) -> None:
        """Press the button of a dialog, and wait until the dialog is gone."""
        self.press(name)
        expect(self.page.locator(".o_dialog")).to_have_count(0)

    def state(self, value: str, name: str = "state") -> None:
        """Wait until the status bar shows a state."""
        bar = self.page.locator(f"{FORM} .o_field_widget[name='{name}'] [aria-checked='true'][data-value='{value}']")
        expect(bar).to_have_count(1, timeout=10_000)

    @staticmethod
    def _check(answer: Response) -> None:
        error = answer.json().get("error")
        if error:
            raise Refused(error.get("data", {}).get("message") or error.get("message"))
