"""A problem that is common but no complaint yet: from the finding of one monthly report to its effect in the next."""

from __future__ import annotations

import datetime
import re

import pytest
from playwright.sync_api import expect

from harness import chain_store, clients
from tests.screen import FORM, Person

FINDING = "交车时没有提醒下次保养"


def today() -> datetime.date:
    """The day in the store."""
    return datetime.datetime.now(chain_store.ZONE).date()


def in_days(days: int) -> datetime.date:
    """The day in the store so many days from now."""
    return today() + datetime.timedelta(days=days)


class People:
    """The people of the store, logged in when first needed."""

    def __init__(self, store: chain_store.Store, open_page, url: str) -> None:
        self.store, self.open_page, self.url = store, open_page, url
        self.known: dict[str, Person] = {}

    def __getitem__(self, role: str) -> Person:
        """The person of a role; the general manager has a phone."""
        if role not in self.known:
            options = {"has_touch": True} if role == "gm" else {}
            person = Person(self.open_page, self.url, self.store.logins[role], f"finding-{role}", **options)
            if role == "gm":
                person.page.set_viewport_size({"width": 390, "height": 844})
            self.known[role] = person
        return self.known[role]


def find(store: chain_store.Store, manager: Person, report: int) -> int:
    """The service manager writes a finding into the quality analysis and makes a preventive action of it."""
    category = store.manager("aftersales.problem.category", "search_read", domain=[], fields=["name"], limit=1)[0]
    manager.open(f"aftersales-monthly-reports/{report}")
    manager.tab("analysis")
    lines = manager.root.locator(".o_field_widget[name='finding_ids']")
    lines.locator(".o_field_x2many_list_row_add a").click()
    row = lines.locator(".o_data_row.o_selected_row")
    row.locator("[name='name'] input").fill(FINDING)
    manager.pick("problem_category_id", category["name"], row.locator(".o_field_widget[name='problem_category_id']"))
    manager.pick("responsible_id", "林晓梅", row.locator(".o_field_widget[name='responsible_id']"))
    manager.date("date_deadline", in_days(20), today(), row.locator(".o_field_widget[name='date_deadline']"))
    manager.save()
    manager.picture("finding")
    lines.locator("button[name='action_create_action']").first.click()
    manager.page.wait_for_selector(
        ".o_form_view .o_field_widget[name='measure_ids'], .o_field_widget[name='measure_ids']"
    )
    (action,) = store.manager("aftersales.corrective.action", "search", domain=[["report_id", "=", report]])
    return action


def propose(manager: Person, action: int) -> None:
    """The plan: root cause by asking why, one measure, and what proves it."""
    manager.open(f"aftersales-actions/{action}")
    expect(manager.field("kind").locator("input[data-value='preventive']")).to_be_checked()
    manager.tab("analysis")
    manager.fill("root_cause", "交车清单没有这一项。")
    tree = manager.field("why_ids")
    tree.get_by_role("button", name="Add a question").click()
    first = tree.locator("[data-outline='1'] input[type='text']")
    first.nth(0).fill("为什么没有提醒？")
    first.nth(1).fill("顾问忘记")
    tree.locator("[data-outline='1'] button", has_text="Ask further").click()
    second = tree.locator("[data-outline='1.1'] input[type='text']")
    expect(second.nth(0)).to_have_value("Why: 顾问忘记")
    second.nth(1).fill("清单没有这一项")
    tree.locator("[data-outline='1.1'] input[type='checkbox']").check()
    manager.picture("whys")
    manager.tab("measures")
    lines = manager.field("measure_ids")
    lines.locator(".o_field_x2many_list_row_add a").click()
    row = lines.locator(".o_data_row.o_selected_row")
    row.locator("[name='name'] input").fill("清单加一项并签字")
    manager.pick("responsible_id", "林晓梅", row.locator(".o_field_widget[name='responsible_id']"))
    manager.date("date_deadline", in_days(10), today(), row.locator(".o_field_widget[name='date_deadline']"))
    manager.tab("effect")
    manager.fill("target", "20")
    manager.save()
    manager.press("action_submit")
    manager.state("submitted")


def decide(gm: Person, button: str) -> None:
    """The general manager reads on the phone what waits, and presses one button on its card."""
    card = gm.page.locator(".o_kanban_record", has_text=FINDING)
    for _attempt in range(5):
        gm.open("aftersales-decisions", ".o_kanban_view")
        if card.locator(f"button[name='{button}']").count():
            break
    expect(card).to_contain_text("清单加一项并签字")
    gm.picture(f"inbox-{button}")
    with gm.page.expect_response(lambda answer: answer.url.endswith(f"/{button}")):
        card.locator(f"button[name='{button}']").click()
    if button == "action_return":
        gm.page.wait_for_selector(".o_dialog .o_form_view")
        gm.fill("reason", "目标太宽。")
        gm.apply("action_decide")
    expect(card).to_have_count(0)


@pytest.mark.slow
def test_from_a_finding_to_its_effect_in_the_next_report(server, odoo_env, open_page):
    """Finding → preventive action → returned → changed → signed → done → verified → closed → told by the next report."""
    root = clients.Json2(server.url, server.database, clients.api_key(odoo_env, server.database, "admin"))
    store = chain_store.open_store(odoo_env, server.url, server.database, root)
    # On a phone the first greeting of the chat robot would cover the screen.
    users = root("res.users", "search", domain=[["login", "in", list(store.logins.values())]])
    root.write("res.users", users, {"odoobot_state": "disabled"})
    month = today().replace(day=1)
    report = store.crc("aftersales.monthly.report", "write_month", month=f"{month - datetime.timedelta(days=1)}")
    store.crc("aftersales.monthly.report", "action_submit", ids=[report])
    people = People(store, open_page, server.url)
    manager, crc, gm = people["manager"], people["crc"], people["gm"]

    action = find(store, manager, report)
    propose(manager, action)
    decide(gm, "action_return")

    manager.open(f"aftersales-actions/{action}")
    expect(manager.field("return_reason")).to_contain_text("目标太宽")
    manager.tab("effect")
    manager.fill("target", "5")
    manager.press("action_submit")
    manager.state("submitted")
    decide(gm, "action_approve")

    crc.open(f"aftersales-actions/{action}")
    crc.press("action_start")
    crc.state("in_progress")
    crc.tab("measures")
    crc.dialog("action_open_done")
    crc.fill("note", "新清单已放在每个接待台")
    crc.picture("proof")
    crc.apply("action_apply")
    crc.press("action_done", ".btn-primary")
    crc.state("done")

    manager.open(f"aftersales-actions/{action}")
    manager.dialog("action_open_step", ".btn-primary")
    expect(manager.field("effect")).to_contain_text("target at most 5.0 %")
    manager.choose("effective", "yes")
    manager.fill("conclusion", "再没有客户提到。")
    manager.fill("reason", "清单已用一周。")
    manager.apply("action_apply")
    manager.state("verified")
    manager.press("action_close")
    manager.state("closed")

    later = store.crc("aftersales.monthly.report", "write_month", month=f"{month}")
    assert later != report
    # The report is read at the desk.
    gm.page.set_viewport_size({"width": 1440, "height": 900})
    gm.open(f"aftersales-monthly-reports/{later}")
    gm.press("action_open_dashboard")
    told = gm.page.locator(".o_dash_actions", has_text=FINDING)
    expect(told).to_contain_text("target at most 5.0 %")
    expect(told).to_contain_text("再没有客户提到。")
    gm.picture("next-report")
    told.locator(".o_dash_click", has_text=FINDING).click()
    gm.page.wait_for_selector(FORM)
    gm.state("closed")
    figure = store.gm(
        "aftersales.monthly.figure",
        "search_read",
        domain=[["report_id", "=", later], ["measure", "=", "effective_measures"], ["dimension", "=", "total"]],
        fields=["numerator", "denominator"],
    )
    assert [(row["numerator"], row["denominator"]) for row in figure] == [(1, 1)]


def submit_actions(store: chain_store.Store, names: list[str]) -> list[int]:
    """The service manager submits one action a name."""
    values = {
        "kind": "corrective",
        "problem": "同一问题反复出现。",
        "root_cause": "没有标准。",
        "responsible_id": store.people["advisor"],
        "supervisor_id": store.people["manager"],
        "date_deadline": f"{in_days(20)}",
        "indicator": "comebacks",
        "target": 5.0,
        "window_days": 30,
    }
    measure = {
        "kind": "corrective",
        "name": "制定标准并培训",
        "responsible_id": store.people["advisor"],
        "date_deadline": f"{in_days(10)}",
    }
    model = "aftersales.corrective.action"
    actions = store.manager.create(model, [values | {"name": name, "measure_ids": [[0, 0, measure]]} for name in names])
    store.manager(model, "action_submit", ids=actions)
    return actions


def select(gm: Person, names: list[str]) -> None:
    """Hold one card until it is selected, touch the others, and open what can be done with all of them."""
    cards = gm.page.locator(".o_kanban_record")
    first = cards.filter(has_text=names[0])
    first.dispatch_event("touchstart", {"touches": []})
    expect(first).to_have_class(re.compile("o_record_selected"))
    first.dispatch_event("touchend")
    for name in names[1:]:
        cards.filter(has_text=name).locator("div").first.click()
        expect(cards.filter(has_text=name)).to_have_class(re.compile("o_record_selected"))
    gm.page.locator(".o_cp_action_menus button").first.click()


@pytest.mark.slow
def test_several_decisions_on_a_phone(server, odoo_env, open_page):
    """The general manager holds a card, touches a second, and signs both; two others go back with one reason."""
    root = clients.Json2(server.url, server.database, clients.api_key(odoo_env, server.database, "admin"))
    store = chain_store.open_store(odoo_env, server.url, server.database, root)
    root.write("res.users", [store.people["gm"]], {"odoobot_state": "disabled"})
    names = ["返修交接", "配件报价", "洗车排队", "交车讲解"]
    actions = submit_actions(store, names)
    gm = People(store, open_page, server.url)["gm"]
    menu = gm.page.locator(".o_bottom_sheet, .o-dropdown--menu")

    gm.open("aftersales-decisions", ".o_kanban_view .o_kanban_record")
    select(gm, names[:2])
    gm.picture("several")
    menu.get_by_text("Approve", exact=True).click()
    expect(gm.page.locator(".o_kanban_record", has_text=names[0])).to_have_count(0)
    expect(gm.page.locator(".o_kanban_record", has_text=names[1])).to_have_count(0)

    select(gm, names[2:])
    menu.get_by_text("Return", exact=True).click()
    gm.page.wait_for_selector(".o_dialog .o_form_view")
    gm.fill("reason", "先说明费用。")
    gm.apply("action_decide")
    expect(gm.page.locator(".o_kanban_record", has_text=names[2])).to_have_count(0)

    read = store.manager("aftersales.corrective.action", "read", ids=actions, fields=["state", "return_reason"])
    assert [row["state"] for row in read] == ["signed", "signed", "draft", "draft"]
    assert all("先说明费用" in row["return_reason"] for row in read[2:])
