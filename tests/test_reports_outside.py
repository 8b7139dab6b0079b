"""The reports from outside: no path leads the group officer to a person; every part of the page opens what it counts."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from harness import database as databases
from harness.clients import Json2, RpcError, api_key

from .screen import Person

#: What a customer is known by: where it is kept.
PERSONAL = (
    "SELECT p.name FROM res_partner p WHERE p.company_id IS NOT NULL AND length(p.name) > 2"
    " AND NOT EXISTS (SELECT FROM res_users u WHERE u.partner_id = p.id)"
    " AND p.name NOT IN (SELECT name FROM res_partner WHERE id IN (SELECT partner_id FROM res_users))",
    "SELECT phone FROM res_partner WHERE company_id IS NOT NULL AND phone IS NOT NULL"
    " AND id NOT IN (SELECT partner_id FROM res_users) AND id NOT IN (SELECT partner_id FROM res_company)",
    "SELECT aftersales_identity_number FROM res_partner WHERE aftersales_identity_number IS NOT NULL",
    "SELECT license_plate FROM aftersales_vehicle WHERE license_plate IS NOT NULL",
    "SELECT vin FROM aftersales_vehicle WHERE vin IS NOT NULL",
    # The very first number is the example in the text of a letter
    "SELECT name FROM aftersales_complaint WHERE name NOT LIKE '%00001'",
)
SAFE = ("many2one", "char", "text", "html", "selection", "reference")


@pytest.fixture(scope="module")
def shop(odoo_env, make_database):
    """The demo store's database, served, with its personal data in hand."""
    from harness.server import OdooServer

    name = make_database(demo=True)
    with databases.connect(odoo_env, name) as cursor:
        tokens = set()
        for query in PERSONAL:
            cursor.execute(query)
            tokens |= {row[0] for row in cursor.fetchall()}
    server = OdooServer(odoo_env, name)
    server.start()
    server.tokens = tokens
    yield server
    server.stop()


def client(env, server, login: str) -> Json2:
    return Json2(server.url, server.database, api_key(env, server.database, login))


class Spy:
    """Calls as the officer, and looks for what nobody told them."""

    def __init__(self, officer: Json2, tokens: set[str]) -> None:
        self.officer, self.tokens = officer, tokens
        self.calls, self.answered = 0, 0
        self.leaks: list[str] = []

    def ask(self, model: str, method: str, **arguments):
        """Return the answer, or None where the server refuses."""
        self.calls += 1
        try:
            answer = self.officer(model, method, **arguments)
        except RpcError:
            return None
        self.answered += 1
        text = json.dumps(answer, ensure_ascii=False)
        found = [token for token in self.tokens if token in text]
        if found:
            self.leaks.append(f"{model}.{method}{sorted(arguments)}: {found[:3]}")
        return answer


def test_no_path_leads_the_group_officer_to_a_person(odoo_env, shop):
    """Every model and field by read, export, grouping, name search and paths; the chatter; tracked values; files."""
    assert len(shop.tokens) > 300
    admin = client(odoo_env, shop, "admin")
    spy = Spy(client(odoo_env, shop, "group"), shop.tokens)
    models = admin.search_read("ir.model", [["transient", "=", False], ["abstract", "=", False]], ["model"])
    names = sorted(row["model"] for row in models)
    assert len(names) > 100
    readable = []
    victim = sorted(shop.tokens)[0]
    for model in names:
        fields = spy.ask(model, "fields_get", attributes=["type", "relation", "store", "searchable", "groupable"]) or {}
        rows = spy.ask(model, "search_read", domain=[], fields=list(fields), limit=3000)
        spy.ask(model, "name_search", name="", limit=1000)
        spy.ask(model, "web_search_read", domain=[], specification={name: {} for name in fields}, limit=500)
        if not rows:
            continue
        readable.append(model)
        ids = [row["id"] for row in rows][:500]
        spy.ask(model, "export_data", ids=ids, fields_to_export=list(fields))
        for name, field in fields.items():
            if field["type"] in SAFE and field.get("groupable"):
                spy.ask(model, "formatted_read_group", domain=[], groupby=[name], aggregates=["__count"])
            if not field.get("relation"):
                continue
            if not model.startswith(("aftersales.", "mail.", "res.", "ir.attachment")):
                continue
            # By paths: what cannot be read must not be found, grouped by or exported either.
            spy.ask(model, "export_data", ids=ids[:50], fields_to_export=[f"{name}/name", f"{name}/display_name"])
            spy.ask(model, "formatted_read_group", domain=[], groupby=[f"{name}.display_name"], aggregates=["__count"])
            if field.get("searchable") and model.startswith(("aftersales.", "mail.", "ir.attachment")):
                for end in ("name", "partner_id.name", "body"):
                    found = spy.ask(model, "search_count", domain=[[f"{name}.{end}", "=", victim]])
                    if found:
                        spy.leaks.append(f"{model}: {found} found by {name}.{end}")
    assert "aftersales.monthly.figure" in readable
    forbidden = {"aftersales.callback", "aftersales.complaint", "aftersales.vehicle", "aftersales.monthly.base"}
    assert not forbidden & set(readable)
    for path in ("base_ids.callback_id.partner_id.name", "submitted_by_id.login", "quality_analysis"):
        for operator in ("=", "!="):
            domain = [[f"report_id.{path}", operator, victim]]
            assert spy.ask("aftersales.monthly.figure", "search_count", domain=domain) is None, path
    page = spy.ask("aftersales.monthly.figure", "get_group_page")
    assert page["stores"] and page["cases"]
    for method in ("get_dashboard", "open_cell", "write_month"):
        arguments = {"open_cell": {"cell": {"measure": "due"}}, "write_month": {"month": "2026-01-01"}}.get(method, {})
        assert spy.ask("aftersales.monthly.report", method, **arguments) is None
    assert not spy.leaks, "\n".join(spy.leaks[:30])
    assert spy.answered > 200, (spy.calls, spy.answered)


def figure_count(page: Page) -> int:
    """How many records the list that is open has."""
    page.wait_for_selector(".o_list_view, .o_form_view")
    if page.locator(".o_view_nocontent:visible").count() and not page.locator(".o_data_row").count():
        return 0
    pager = page.locator(".o_pager_limit")
    return int(re.sub(r"\D", "", pager.first.inner_text()))


def click_through(page: Page, elements: str, limit: int) -> int:
    """Click what matches, count the list behind it, and come back; returns how many were clicked."""
    count = min(page.locator(elements).count(), limit)
    for index in range(count):
        element = page.locator(elements).nth(index)
        wanted = int(element.get_attribute("data-count"))
        with page.expect_response(lambda answer: answer.url.endswith("/web_search_read")) as waiting:
            element.click()
        found = waiting.value.json()["result"]["length"]
        assert found == wanted, (elements, index, element, found, wanted)
        page.wait_for_selector(".o_list_view")
        if wanted:
            assert figure_count(page) == wanted
        page.go_back()
        page.wait_for_selector(".o_dash_cards")
    return count


#: Each part of the page, and at most how many of its elements are clicked.
PARTS = {
    ".o_dash_card": 20,
    ".o_dash_funnel .o_dash_click": 8,
    ".o_dash_pareto g.o_dash_click": 10,
    ".o_dash_questions .o_dash_click": 4,
    ".o_dash_timeliness .o_dash_part": 6,
    ".o_dash_square": 5,
}


def test_everything_on_the_page_opens_what_it_counts(shop, open_page):
    """The general manager clicks through the running month and a written report; lists are as long as the figures say."""
    person = Person(open_page, shop.url, "gm", "gm")
    page = person.page
    page.goto(f"{shop.url}/odoo/aftersales-dashboard")
    page.wait_for_selector(".o_dash_cards")
    clicked = {part: click_through(page, part, limit) for part, limit in PARTS.items()}
    assert clicked[".o_dash_card"] >= 10
    # The latest report, as frozen
    page.locator(".o_dash_month").select_option(index=1)
    expect(page.locator(".o_dash_report")).to_be_visible()
    for part, limit in PARTS.items():
        clicked[part] += click_through(page, part, limit)
    counts = ".o_dash_table .o_dash_click[data-unit='count']"
    clicked[counts] = click_through(page, counts, 12)
    assert all(clicked.values()), clicked
    # A point of the trend opens its own month; of points that lie on each other the last one is on top
    page.locator(".o_dash_trend circle").last.click()
    page.wait_for_selector(".o_list_view")
    assert figure_count(page) > 0


def test_the_officer_walks_from_store_to_figures(shop, open_page):
    """The group page shows all stores; a store opens its figures; the cases name nobody."""
    person = Person(open_page, shop.url, "group", "group")
    page = person.page
    page.goto(f"{shop.url}/odoo/aftersales-all-stores")
    page.wait_for_selector(".o_dash_store_name")
    assert page.locator(".o_dash_store_name").count() == 2
    text = page.locator(".o_dash_inner").inner_text()
    assert not [token for token in shop.tokens if token in text]
    title = page.locator(".o_dash_case_list h2").inner_text()
    assert int(re.search(r"\((\d+)\)", title)[1]) == page.locator(".o_dash_case_list tbody tr").count() > 0
    page.locator(".o_dash_store_name").first.click()
    page.wait_for_selector(".o_data_row")
    assert page.locator(".o_data_row").count() > 10
