"""The administrator of a store looks through imports that hold something: every tab and every button, on desktop and phone.

Odoo's own click-everywhere opens menus, views and filters. What it never opens are the records: an import whose columns
changed, one that was checked, one that was applied with refused rows and customers to decide, one at work, one undone.
"""

from __future__ import annotations

import base64
import csv
import io
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from .screen import FORM, Person
from .store import make_store

HEADERS = ["工单号", "进厂时间", "出厂时间", "车牌号", "车主", "手机", "行驶里程", "维修类型", "合计", "是否接受回访"]
HEADERS += ["品牌", "车型", "服务顾问", "维修技师", "结算单号"]
LIST = ".o_action_manager .o_list_view, .o_action_manager .o_kanban_view"
#: Buttons that go on with the import: they are pressed one after the other, in the order of the states
STEPS = {
    *("action_read_file", "action_dry_run", "action_apply", "action_reset"),
    *("action_cancel", "action_resume", "action_new_source"),
}


def row(number: int, name: str = "", phone: str = "", **cells: str) -> list[str]:
    """A row of the export: an order of a car of its own."""
    values = {
        "order": f"WX{number:04d}",
        "in": f"2026-03-{number % 20 + 1:02d} 09:00",
        "out": f"2026-03-{number % 20 + 1:02d} 16:30",
        "plate": f"沪B{number:05d}",
        "name": name or f"Customer {number}",
        "phone": phone or f"1390013{number:04d}",
        "km": str(10_000 + number),
        "kind": "保养",
        "total": "880.00",
        "consent": "是",
        "make": "大众",
        "model": "朗逸",
        "advisor": "陈静",
        "technician": "孙师傅",
        "settlement": f"JS{number:04d}",
        **cells,
    }
    return list(values.values())


def encoded(rows: list[list[str]], headers: list[str] = HEADERS) -> str:
    """The table as a CSV file in base64."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([headers, *rows])
    return base64.b64encode(out.getvalue().encode()).decode()


def mixed(start: int) -> list[list[str]]:
    """Rows that are created, changed, unchanged, refused, with a remark, and with customers to decide."""
    return [
        row(1),
        row(2, total=f"{start}00.00"),
        row(start),
        row(start + 1, order=""),
        row(start + 2, **{"in": "yesterday"}),
        row(start + 3, km="many"),
        # The phone of a customer whom the first file brought, under another name
        row(start + 4, name="王丽丽", phone=f"1390013{start % 7 + 3:04d}"),
    ]


@dataclass
class Imports:
    """The ids of imports, by what they show."""

    changed: int
    checked: int
    applied: int
    working: int
    undone: int


@pytest.fixture
def imports(server, rpc) -> Imports:
    """Imports of a store in every state that holds something."""
    store = make_store(rpc(server), "Screens")
    admin = rpc(server, "screens.admin")
    assert store.users["admin"]

    def drop(rows, *steps, headers=HEADERS, **context):
        values = {"file": encoded(rows, headers), "file_name": "export_2026-03-20.csv"}
        (number,) = admin.create("aftersales.import", values)
        for step in steps:
            admin("aftersales.import", step, ids=[number], context=context)
        return number

    drop([row(number) for number in range(1, 13)], "action_apply")
    made = Imports(
        applied=drop(mixed(20), "action_apply"),
        checked=drop(mixed(30), "action_dry_run"),
        undone=drop([row(40)], "action_apply", "action_undo"),
        working=drop([row(50)], "action_apply", import_in_background=True),
        changed=drop(
            [[cell for cell in row(60) if cell != "10060"] + ["gold"]],
            "action_read_file",
            headers=["手机号码" if header == "手机" else header for header in HEADERS if header != "行驶里程"]
            + ["等级"],
        ),
    )
    shown = admin.search_read(
        "aftersales.import",
        [],
        ["state", "count_refused", "count_create", "count_update", "doubt_count", "lost_columns"],
    )
    found = {one["id"]: one for one in shown}
    for number in (made.applied, made.checked):
        counts = {name: value for name, value in found[number].items() if name.startswith(("count", "doubt"))}
        assert all(counts.values()), f"nothing to look at: {counts}"
    assert found[made.changed]["lost_columns"]
    assert found[made.working]["state"] == "working"
    return made


def check_room(page: Page) -> None:
    """Nothing leads out of the screen to the side, no button is cut off or too small for a finger."""
    faults = page.evaluate(
        """() => {
            const faults = [];
            if (document.documentElement.scrollWidth > innerWidth) faults.push("the page is wider than the screen");
            for (const button of document.querySelectorAll(".o_action_manager button[name^='action_']")) {
                const box = button.getBoundingClientRect();
                if (!box.width) continue;
                const name = `${button.name} “${button.innerText}”`;
                if (box.right > innerWidth + 1 || box.left < -1) faults.push(`${name} leads out of the screen`);
                if (button.scrollWidth > button.clientWidth + 1) faults.push(`${name} is cut off`);
                if (innerWidth < 576 && box.height < 30) faults.push(`${name} is ${box.height} px high`);
            }
            return faults;
        }"""
    )
    assert not faults, faults


class Looker:
    """A person who opens whatever can be opened."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page
        self.pressed: set[str] = set()

    def look_through(self, number: int) -> None:
        """Open an import, its tabs, whatever its buttons lead to, and the first record there."""
        path = f"dms-import/{number}"
        self.person.open(path)
        check_room(self.page)
        tabs = self.page.locator(f"{FORM} .o_notebook_headers .nav-link:visible")
        for index in range(tabs.count()):
            tabs.nth(index).click()
            expect(tabs.nth(index)).to_contain_class("active")
            check_room(self.page)
        # By name and place among those of the same name: a narrow bar puts some away in a menu meanwhile
        css = f":is({FORM}, .o_control_panel) button[name^='action_']:visible"
        names = self.page.locator(css).evaluate_all("buttons => buttons.map(button => button.name)")
        for index, name in enumerate(names):
            if name not in STEPS:
                same = self.page.locator(css.replace("^='action_'", f"='{name}'"))
                self._follow(same.nth(names[:index].count(name)), name)

    def _follow(self, button, name: str) -> None:
        """Press one button: a question is answered with no, a list is opened and left again."""
        self.pressed.add(name)
        here = self.page.url
        button.click()
        answer = self.page.locator(f".o_dialog .modal-footer .btn-secondary, {LIST}").first
        answer.wait_for()
        if self.page.locator(".o_dialog").count():
            check_room(self.page)
            answer.click()
            expect(self.page.locator(".o_dialog")).to_have_count(0)
            return
        check_room(self.page)
        first = self.page.locator(".o_data_row .o_data_cell, .o_kanban_record:not(.o_kanban_ghost)").first
        if name == "action_view_lines" and first.count():
            there = self._arrive(here)
            first.click()
            self.page.wait_for_selector(FORM)
            self._arrive(there)
            self._back(there, LIST)
        self._arrive(here)
        self._back(here, FORM)

    def _arrive(self, before: str) -> str:
        """Wait until the web client has written down where it is: it does so a moment after it is there."""
        self.page.wait_for_url(lambda url: url != before, wait_until="commit")
        return self.page.url

    def _back(self, url: str, css: str) -> None:
        self.page.go_back(wait_until="commit")
        self.page.wait_for_url(url, wait_until="commit")
        self.page.wait_for_selector(css)


#: What must have been among the buttons, else the imports showed too little
EVERYWHERE = {
    *("action_view_lines", "action_view_doubts", "action_view_orders", "action_view_vehicles", "action_view_partners"),
    *("action_undo", "action_stop"),
}


def test_every_button_on_desktop_and_phone(open_page, server, rpc, imports):
    """All that can be opened opens, on a phone in Chinese and on a desktop in English, and every step of the way is taken."""
    root = rpc(server)
    users = root("res.users", "search", domain=[["login", "=", "screens.admin"]])
    root.write("res.users", users, {"lang": "zh_CN"})
    look_on_a_phone(open_page, server.url, imports)
    root.write("res.users", users, {"lang": "en_US"})
    look_on_a_desktop(open_page, server.url, imports)


def look_on_a_phone(open_page, url: str, imports: Imports) -> None:
    """Everything is looked at; a column is set by touching its card."""

    def small(**options):
        page = open_page(has_touch=True, **options)
        page.set_viewport_size({"width": 390, "height": 844})
        return page

    person = Person(small, url, "screens.admin", "import-phone")
    page = person.page
    looker = Looker(person)
    for path in ("dms-import", "import-sources"):
        person.open(path, LIST)
        expect(page.locator(".o_kanban_record:not(.o_kanban_ghost)").first).to_be_visible()
        check_room(page)
    for number in vars(imports).values():
        looker.look_through(number)
    assert looker.pressed >= EVERYWHERE, looker.pressed

    person.open(f"dms-import/{imports.changed}")
    expect(page.locator(".alert", has_text="本文件缺少")).to_contain_text("行驶里程 (委托书：行驶里程)")
    page.locator(".o_field_widget[name='column_ids'] .o_kanban_record", has_text="等级").click()
    expect(page.locator(".o_dialog .o_field_widget[name='header']")).to_have_text("等级")
    check_room(page)
    page.locator(".o_dialog .modal-footer .btn-secondary").last.click()
    expect(page.locator(".o_dialog")).to_have_count(0)


def look_on_a_desktop(open_page, url: str, imports: Imports) -> None:
    """Everything is looked at, then every button that goes on is pressed."""
    person = Person(open_page, url, "screens.admin", "import-desktop")
    looker = Looker(person)
    person.open("dms-import", LIST)
    for number in vars(imports).values():
        looker.look_through(number)
    assert looker.pressed >= EVERYWHERE, looker.pressed

    person.open(f"dms-import/{imports.changed}")
    banner = person.page.locator(".alert", has_text="No longer in it:")
    expect(banner).to_contain_text("手机 (read from 手机号码 now), 行驶里程 (Order: Odometer)")
    person.press("action_new_source")
    expect(banner).to_have_count(0)
    for step, state in (
        *(("action_dry_run", "checked"), ("action_reset", "draft"), ("action_read_file", "mapped")),
        *(("action_cancel", "cancelled"), ("action_reset", "draft"), ("action_read_file", "mapped")),
    ):
        person.press(step)
        person.state(state)
    person.open(f"dms-import/{imports.checked}")
    person.press("action_apply", confirm=True)
    person.state("applied")
    person.press("action_undo", confirm=True)
    person.state("undone")
