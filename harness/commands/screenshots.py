"""Take the pictures of the documentation from the running demo store, in English and Chinese."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from .. import browser, clients, database
from ..environment import prepare
from ..paths import REPO
from ..say import say
from ..server import OdooServer

PICTURES = REPO / "docs" / "pictures"
DESKTOP, PHONE = (1440, 900), (390, 844)
LANGUAGES = {"en": "en_US", "zh": "zh_CN"}


@dataclass(frozen=True)
class Shot:
    """One picture: who looks at which page, what must be on it, at what size.

    `first` opens the first row; then `click` is clicked and `keys` are pressed, and `shown` must appear.
    """

    name: str
    login: str
    path: str
    selector: str
    size: tuple[int, int] = DESKTOP
    first: bool = False
    click: str = ""
    keys: tuple[str, ...] = ()
    shown: str = ""


SHOTS = (
    Shot("call_screen", "crc", "/odoo/aftersales-call", ".o_aftersales_call_screen, .o_action"),
    Shot("call_screen_phone", "crc", "/odoo/aftersales-call", ".o_aftersales_call_screen, .o_action", PHONE),
    Shot(
        *("call_screen_grievance", "crc", "/odoo/aftersales-call", ".o_call_question"),
        keys=("y", "y", "n", "y", "n", "y", "y", "y", "2", "Escape"),
        shown=".o_call_grievance",
    ),
    Shot(
        *("call_screen_later", "crc", "/odoo/aftersales-call", ".o_call_question"),
        keys=("l",),
        shown=".o_call_later",
    ),
    Shot("plan_board", "crc", "/odoo/aftersales-plan-board", ".o_plan_grid td button"),
    Shot(
        *("plan_board_day", "crc", "/odoo/aftersales-plan-board", ".o_plan_grid td button"),
        click=".o_plan_grid td:not(.o_over):not(.o_off) button >> nth=0",
        shown=".o_plan_cell",
    ),
    Shot("rechecks", "manager", "/odoo/aftersales-rechecks", ".o_list_view"),
    Shot("recheck_screen", "manager", "/odoo/aftersales-recheck", ".o_call_screen"),
    Shot("callback_quality", "manager", "/odoo/aftersales-callback-quality", ".o_data_row"),
    Shot("vehicle_file", "advisor", "/odoo/vehicle-files", ".o_form_view .o_form_sheet", first=True),
    Shot("vehicle_files", "advisor", "/odoo/vehicle-files", ".o_data_row"),
    Shot("callback_plan", "crc", "/odoo/aftersales-callback-plans", ".o_form_view .o_form_sheet", first=True),
    Shot("complaints", "manager", "/odoo/aftersales-complaints", ".o_kanban_record"),
    Shot("morning_list", "manager", "/odoo/aftersales-morning", ".o_data_row"),
    Shot("morning_list_phone", "manager", "/odoo/aftersales-morning", ".o_kanban_record", PHONE),
    Shot("complaint_intake", "crc", "/odoo/aftersales-complaint-intake", ".o_dialog .o_form_view"),
    Shot("complaint_intake_phone", "crc", "/odoo/aftersales-complaint-intake", ".o_dialog .o_form_view", PHONE),
    Shot(
        "complaint_external", "manager", "/odoo/aftersales-external-matters", ".o_form_view .o_form_sheet", first=True
    ),
    Shot("complaint_form", "manager", "/odoo/aftersales-my-complaints", ".o_form_view .o_form_sheet", first=True),
    Shot("corrective_actions", "manager", "/odoo/aftersales-actions", ".o_kanban_record, .o_data_row"),
    Shot("decisions_phone", "gm", "/odoo/aftersales-decisions", ".o_kanban_record", PHONE),
    Shot("dashboard", "gm", "/odoo/aftersales-dashboard", ".o_dash_cards"),
    Shot("dashboard_phone", "gm", "/odoo/aftersales-dashboard", ".o_dash_cards", PHONE),
    Shot("all_stores", "group", "/odoo/aftersales-all-stores", ".o_dash_store_name"),
    Shot("monthly_report", "gm", "/odoo/aftersales-monthly-reports", ".o_form_view .o_form_sheet", first=True),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``screenshots``."""
    parser.add_argument("--to", type=Path, default=PICTURES, metavar="DIR", help="where the pictures go")
    parser.add_argument("-k", dest="names", default="", metavar="TEXT", help="only pictures whose name holds TEXT")


def run(args: argparse.Namespace) -> int:
    """Serve a copy of the demo store and take every picture in each language."""
    env = prepare(args.odoo)
    name = database.temporary_name(env, "screenshots")
    database.copy(env, database.ensure_addon(env, demo=True), name)
    args.to.mkdir(parents=True, exist_ok=True)
    try:
        with OdooServer(env, name) as server, browser.chromium(env) as chromium:
            admin = clients.Json2(server.url, name, clients.api_key(env, name, "admin"))
            for suffix, language in LANGUAGES.items():
                people = admin("res.users", "search", domain=[["share", "=", False]])
                admin.write("res.users", people, {"lang": language})
                for shot in SHOTS:
                    if args.names in shot.name:
                        take(chromium, server.url, shot, args.to / f"{shot.name}_{suffix}.png")
    finally:
        database.drop(env, name)
    return 0


def take(chromium, url: str, shot: Shot, target: Path) -> None:
    """Log in, open the page, wait for what must be on it, and keep the picture."""
    width, height = shot.size
    context = chromium.new_context(viewport={"width": width, "height": height}, timezone_id="Asia/Shanghai")
    try:
        page = context.new_page()
        page.set_default_timeout(120_000)
        browser.log_in(page, url, shot.login)
        page.goto(url + shot.path)
        if shot.first:
            page.locator(".o_data_row .o_data_cell, .o_kanban_record").first.click()
        page.wait_for_selector(shot.selector)
        if shot.click:
            page.locator(shot.click).first.click()
        for key in shot.keys:
            page.keyboard.press(key)
        if shot.shown:
            page.wait_for_selector(shot.shown)
        # A button that is changing its colour is no picture of anything
        page.wait_for_function(
            "() => !document.getAnimations().some(a => a instanceof CSSTransition && a.playState === 'running')"
        )
        # Avatars and fonts come after the page itself
        page.wait_for_function(
            "() => document.fonts.status === 'loaded' && [...document.images].every(i => i.complete)"
        )
        page.mouse.move(0, height - 1)
        page.screenshot(path=str(target))
        say(f"{target.name}")
    finally:
        context.close()
