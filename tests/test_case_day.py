"""A day of a service manager on the real screens, in English and Chinese, at the desk and on the phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from harness import chain_store, clients
from tests.screen import FORM, Person, Refused

LANGUAGES = {"en_US": "en-US", "zh_CN": "zh-CN"}
PHONE = {"width": 390, "height": 844}
WORDS = "空调修过两次还是不凉。"
#: Words of the trade that the Chinese screens of the day must show.
GLOSSARY = ("受理", "分级", "移交", "二次回访", "回访")


class Day:
    """The people of the store, each with a page of the size that they work on."""

    def __init__(self, store: chain_store.Store, open_page, url: str, lang: str) -> None:
        self.store, self.lang, self.url = store, lang, url
        self.crc = self._person(open_page, "crc", phone=True)
        self.manager = self._person(open_page, "manager")
        self.seen = ""

    def _person(self, open_page, role: str, *, phone: bool = False) -> Person:
        label = f"day-{self.lang[:2]}-{role}"
        options = {"locale": LANGUAGES[self.lang], "has_touch": phone}
        person = Person(open_page, self.url, self.store.logins[role], label, **options)
        if phone:
            person.page.set_viewport_size(PHONE)
        return person

    def look(self, person: Person, name: str) -> None:
        """Keep a picture, note the words, and see that nothing is wider than the screen."""
        person.picture(name)
        self.seen += person.page.locator("body").inner_text()
        wide = person.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} is {wide} pixels wider than the screen"

    def read(self, case: int, *names: str) -> dict:
        """Values of the case as the manager reads them."""
        return self.store.manager("aftersales.complaint", "read", ids=[case], fields=list(names))[0]

    # The day -------------------------------------------------------------

    def take_in(self) -> int:
        """On the phone the consultant takes a stranger's complaint in: six fields, one button."""
        crc = self.crc
        crc.open("aftersales-complaint-intake", ".o_dialog .o_form_view")
        self.look(crc, "intake")
        crc.fill("new_name", "赵先生")
        crc.fill("new_phone", "13900001234")
        crc.fill("description", WORDS)
        crc.fill("remedy_sought", "修好")
        crc.press("action_take_in")
        crc.page.wait_for_selector(FORM)
        crc.state("received")
        self.look(crc, "taken-in")
        (case,) = self.store.crc("aftersales.complaint", "search", domain=[["description", "=", WORDS]])
        return case

    def morning(self, case: int) -> None:
        """The morning list says why the new case is on it, and opens it."""
        manager = self.manager
        name = self.read(case, "name")["name"]
        manager.open("aftersales-morning", ".o_data_row")
        row = manager.page.locator(".o_data_row", has_text=name)
        expect(row).to_have_count(1)
        assert row.locator("[name='morning_why']").inner_text().strip(), "no reason stands beside the case"
        self.look(manager, "morning")
        row.locator("[name='name']").click()
        manager.page.wait_for_selector(FORM)
        expect(manager.field("next_step").first).to_be_visible()

    def classify(self, case: int) -> None:
        """Confirm and classify: the dialog offers those alone who may handle a case of the level."""
        manager = self.manager
        manager.open(f"aftersales-complaints/{case}")
        manager.press("action_confirm")
        manager.state("confirmed")
        kind = self.store.manager(
            "aftersales.complaint.kind",
            "read",
            ids=[self.store.shipped["complaint_kind_repair_quality"]],
            fields=["name"],
            context={"lang": self.lang},
        )[0]["name"]
        manager.pick("kind_id", kind)
        manager.dialog("action_open_step", ".btn-primary")
        self.look(manager, "classify")
        manager.field("handler_id").locator("input").first.fill("沈文芳")
        expect(manager.page.locator(".o-autocomplete--dropdown-item", has_text="沈文芳")).to_have_count(0)
        manager.pick("handler_id", "吴国强")
        manager.apply("action_apply")
        manager.state("classified")

    def promise(self, case: int) -> None:
        """What the customer was told, and the hand-over that a colleague has to accept."""
        manager = self.manager
        manager.dialog("action_open_step", ":not(.btn-primary)")
        self.look(manager, "reply")
        manager.fill("note", "今天下午给您回电。")
        manager.apply("action_apply")
        assert self.read(case, "date_replied")["date_replied"]

    def involve(self, case: int) -> None:
        """An authority calls: it is on the list with what it demands, and the case is urgent."""
        self.store.manager(
            "aftersales.complaint",
            "action_involve",
            ids=[case],
            body_id=self.store.shipped["external_body_authority"],
            reference="青市监〔2026〕12号",
        )
        manager = self.manager
        manager.open("aftersales-external-matters", ".o_data_row")
        manager.page.locator(".o_data_row .o_data_cell").first.click()
        manager.page.wait_for_selector(FORM)
        self.look(manager, "external")
        manager.press("action_open_dialog")
        manager.page.wait_for_selector(".o_dialog .o_form_view")
        manager.fill("note", "已书面答复。")
        with pytest.raises(Refused):
            manager.press("action_apply")
        self.look(manager, "external-refused")
        assert self.read(case, "level")["level"] == "urgent"

    def board(self, case: int) -> None:
        """The board shows the card with its colour; the filters of the day find or hide it."""
        manager = self.manager
        name = self.read(case, "name")["name"]
        manager.open("aftersales-complaints", ".o_kanban_record")
        card = manager.page.locator(".o_kanban_record", has_text=name)
        expect(card.locator(".bg-success, .bg-warning, .bg-danger, .bg-secondary").first).to_be_attached()
        self.look(manager, "board")
        crc = self.crc
        crc.open("aftersales-my-complaints", ".o_kanban_record")
        expect(crc.page.locator(".o_kanban_record", has_text=name)).to_have_count(1)
        self.look(crc, "mine-on-the-phone")
        crc.page.locator(".o_kanban_record", has_text=name).click()
        crc.page.wait_for_selector(FORM)
        self.look(crc, "case-on-the-phone")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_day_of_a_service_manager(lang, server, odoo_env, open_page):
    """From a call on the phone over the morning list to the authority that wants an answer."""
    root = clients.Json2(server.url, server.database, clients.api_key(odoo_env, server.database, "admin"))
    store = chain_store.open_store(odoo_env, server.url, server.database, root, lang=lang)
    # Odoo's own bot would talk over the screen of the phone
    root.write("res.users", list(store.people.values()), {"odoobot_state": "disabled"})
    (row,) = root.search_read(
        "ir.model.data",
        [["module", "=", "aftersales_crm"], ["name", "=", "external_body_authority"]],
        ["res_id"],
    )
    store.shipped["external_body_authority"] = row["res_id"]
    day = Day(store, open_page, server.url, lang)
    case = day.take_in()
    day.morning(case)
    day.classify(case)
    day.promise(case)
    day.involve(case)
    day.board(case)
    if lang == "zh_CN":
        missing = [word for word in GLOSSARY if word not in day.seen]
        assert not missing, "Words of the trade are missing: " + ", ".join(missing)
        english = re.findall(r"(?:Take In|Morning List|Why It Is Here|Still Demanded|Customer's Words)", day.seen)
        assert not english, f"English on Chinese screens: {set(english)}"
