"""The whole chain on the real screens, by five people in turn, in English and in Chinese."""

from __future__ import annotations

import datetime
import re

import pytest
from playwright.sync_api import expect

from harness import chain, chain_store, clients, dms_export
from tests.screen import FORM, Person, Refused

LANGUAGES = {"en_US": "en-US", "zh_CN": "zh-CN"}
#: Words of the trade that a Chinese screen must show, by the screen.
GLOSSARY = {
    "menu": ("车辆", "回访", "投诉", "报表"),
    "call": ("维修后", "无应答", "占线", "关机", "错号/空号"),
    "complaint": ("受理", "分级", "解决方案", "二次回访"),
    "action": ("责任人", "完成期限", "整改措施"),
    "report": ("月报", "满意度"),
}


def today() -> datetime.date:
    """The day in the store."""
    return datetime.datetime.now(chain_store.ZONE).date()


def in_days(days: int) -> datetime.date:
    """The day in the store so many days from now."""
    return today() + datetime.timedelta(days=days)


class Journey:
    """The people of a store on their way from the export file to the signed report."""

    def __init__(self, store: chain_store.Store, open_page, url: str, lang: str, tmp_path) -> None:
        self.store, self.open_page, self.url, self.lang, self.folder = store, open_page, url, lang, tmp_path
        self.people: dict[str, Person] = {}
        #: Words of the glossary that a screen did not show.
        self.missing: list[str] = []

    def __getitem__(self, role: str) -> Person:
        """The person of a role, logged in when first needed."""
        if role not in self.people:
            login = self.store.logins[role]
            label = f"{self.lang[:2]}-{role}"
            self.people[role] = Person(self.open_page, self.url, login, label, locale=LANGUAGES[self.lang])
        return self.people[role]

    def speaks(self, screen: str, person: Person) -> None:
        """Note the words of the glossary that a Chinese screen does not show."""
        if self.lang == "zh_CN":
            shown = person.page.locator("body").inner_text()
            self.missing += [f"{screen}: {word}" for word in GLOSSARY[screen] if word not in shown]

    def name_of(self, model: str, number: int) -> str:
        """Name of a record in the language of the journey."""
        (row,) = self.store.manager(model, "read", ids=[number], fields=["name"], context={"lang": self.lang})
        return row["name"]

    # The links of the chain ------------------------------------------

    def import_file(self) -> None:
        """The administrator drops the file, tries it and applies it."""
        month = self.store.month
        path = self.folder / f"WX{month:%Y%m}.csv"
        expected = dms_export.write_month(path, month, "journey", orders=60, advisors=("陈静",))
        admin = self["admin"]
        admin.open("dms-import/new")
        admin.picture("import-empty")
        admin.root.locator(".o_field_widget[name='file'] input[type='file']").set_input_files(path)
        expect(admin.root.locator("button[name='action_read_file']")).to_be_visible()
        admin.press("action_read_file")
        admin.state("mapped")
        admin.picture("import-columns")
        admin.press("action_dry_run")
        admin.state("checked")
        admin.picture("import-checked")
        assert self.store.admin("aftersales.repair.order", "search_count", domain=[]) == 0, "the dry run wrote orders"
        admin.press("action_apply", confirm=True)
        admin.state("applied")
        shown = admin.field("count_create").inner_text()
        assert int(shown) == expected["orders"]
        assert int(admin.field("count_refused").inner_text()) == expected["refused"]
        admin.picture("import-applied")
        self.speaks("menu", admin)

    def file_vehicle(self) -> None:
        """The manager verifies an imported file that the advisor handed in; the archivist files it."""
        ready = [["state", "=", "draft"], ["vin", "!=", False], ["model_id", "!=", False], ["partner_id", "!=", False]]
        (vehicle,) = self.store.advisor("aftersales.vehicle", "search", domain=ready, limit=1)
        self.store.advisor("aftersales.vehicle", "action_submit", ids=[vehicle])
        for role, state in (("manager", "verified"), ("archivist", "filed")):
            person = self[role]
            person.open(f"vehicle-files/{vehicle}")
            person.picture(f"vehicle-before-{state}")
            person.press("action_approval_approve")
            person.state(state)
            person.picture(f"vehicle-{state}")

    def plan(self) -> None:
        """The consultant previews and confirms the plan of the month."""
        crc = self["crc"]
        crc.open("aftersales-callback-plans/new")
        crc.date("date_from", self.store.month, today().replace(day=1))
        crc.pick("agent_ids", "林晓梅")
        crc.save()
        crc.press("action_preview", ".btn-primary")
        crc.state("previewed")
        crc.picture("plan-preview")
        crc.press("action_confirm")
        crc.state("confirmed")
        crc.picture("plan-confirmed")

    def call(self) -> int:
        """The consultant makes a call on the call screen: a problem answer, and the customer demands a result."""
        domain = [["state", "=", "planned"], ["date_due", "<=", f"{today()}"], ["date_expiry", ">=", f"{today()}"]]
        (callback,) = self.store.crc("aftersales.callback", "search", domain=domain, order="date_due, id", limit=1)
        call = self.store.crc("aftersales.callback", "get_call", callback_id=callback)["call"]
        codes = self.store.crc("aftersales.question", "read", ids=[q["id"] for q in call["questions"]], fields=["code"])
        codes = {row["id"]: row["code"] for row in codes}
        crc = self["crc"]
        crc.open(f"aftersales-callbacks/{callback}")
        crc.picture("callback")
        crc.press("action_open_call")
        crc.page.wait_for_selector(".o_call_question")
        crc.picture("call")
        self.speaks("call", crc)
        for question in call["questions"]:
            buttons = crc.page.locator(f".o_call_question[data-question='{question['id']}'] .o_call_answer button")
            bad = codes[question["id"]] in ("fixed", "satisfaction")
            if question["kind"] == "yes_no":
                buttons.nth(1 if bad else 0).click()
            elif question["kind"] == "score5":
                buttons.nth(1 if bad else 4).click()
        crc.page.locator(".o_call_grievance input[type='checkbox']").check()
        crc.page.locator(".o_call_screen textarea[name='note']").fill(chain.PROBLEM_WORDS)
        crc.picture("call-answered")
        with crc.page.expect_response(lambda answer: answer.url.endswith("/action_save_call")) as waiting:
            crc.page.locator(".o_call_save .btn-primary").click()
        assert not waiting.value.json().get("error")
        crc.page.wait_for_selector(".o_call_screen [role='status']")
        crc.picture("call-saved")
        return callback

    def complaint(self, callback: int) -> int:
        """The manager takes the complaint from its confirmation to its solution."""
        domain = [["callback_id", "=", callback]]
        (number,) = self.store.manager("aftersales.complaint", "search", domain=domain)
        kind = self.name_of("aftersales.complaint.kind", self.store.shipped["complaint_kind_repair_quality"])
        cause = self.name_of("aftersales.cause", self.store.shipped["cause_no_standard"])
        manager = self["manager"]
        manager.open(f"aftersales-complaints/{number}")
        manager.picture("complaint-received")
        manager.press("action_confirm")
        manager.state("confirmed")
        manager.pick("kind_id", kind)
        manager.dialog("action_open_step", ".btn-primary")
        manager.picture("complaint-classify")
        manager.apply("action_apply")
        manager.state("classified")
        self.speaks("complaint", manager)
        with pytest.raises(Refused):
            manager.press("action_investigate")
        manager.picture("complaint-refused")
        manager.page.locator(".o_error_dialog .btn-primary, .o_dialog .modal-footer .btn-primary").last.click()
        expect(manager.page.locator(".o_dialog")).to_have_count(0)
        manager.tab("investigation")
        for name, text in (
            ("facts", "制冷剂压力偏低，接头渗漏。"),
            ("statement_customer", chain.PROBLEM_WORDS),
            ("statement_staff", "加注后没有做检漏。"),
            ("root_cause", "空调检修没有检漏标准。"),
            ("department", "机修组"),
        ):
            manager.fill(name, text)
        manager.pick("cause_id", cause)
        manager.pick("responsible_main_id", "陈静")
        manager.picture("complaint-investigation")
        manager.press("action_investigate")
        manager.state("investigated")
        manager.tab("solution")
        manager.fill("solution", "免费更换接头并重新加注。")
        manager.press("action_propose_solution")
        manager.state("solution")
        manager.press("action_carry_out")
        manager.state("carried_out")
        manager.picture("complaint-carried-out")
        return number

    def propose(self, complaint: int) -> int:
        """The manager plans an action from the complaint and submits it."""
        manager = self["manager"]
        manager.open(f"aftersales-complaints/{complaint}")
        manager.tab("actions")
        manager.press("action_create_corrective_action")
        expect(manager.field("responsible_id")).to_be_visible()
        manager.pick("responsible_id", "林晓梅")
        manager.date("date_deadline", in_days(20), today())
        manager.tab("measures")
        manager.root.locator(".o_field_widget[name='measure_ids'] .o_field_x2many_list_row_add a").click()
        row = manager.root.locator(".o_field_widget[name='measure_ids'] .o_data_row.o_selected_row")
        row.locator("[name='name'] input").fill("每次加注后做检漏并记录压力")
        manager.pick("responsible_id", "林晓梅", row.locator(".o_field_widget[name='responsible_id']"))
        manager.date("date_deadline", in_days(10), today(), row.locator(".o_field_widget[name='date_deadline']"))
        manager.tab("effect")
        manager.fill("target", "20")
        manager.picture("action-draft")
        manager.save()
        manager.press("action_submit")
        manager.state("submitted")
        manager.picture("action-submitted")
        self.speaks("action", manager)
        (action,) = self.store.manager("aftersales.complaint", "read", ids=[complaint], fields=["action_ids"])[0][
            "action_ids"
        ]
        return action

    def decide(self, decision: str, picture: str, document: str) -> None:
        """The general manager opens what waits in the inbox, and returns or signs it."""
        gm = self["gm"]
        self.open_waiting(gm, document)
        gm.picture(picture)
        if decision == "returned":
            gm.dialog("action_return")
            gm.fill("reason", "目标太宽，期限太长。")
            gm.picture("return-reason")
            gm.apply("action_decide")
        else:
            gm.press("action_approve")
        gm.state(decision)

    @staticmethod
    def open_waiting(gm: Person, document: str) -> None:
        """Open the request of a document from the inbox.

        The web client shows for a moment the list of the last time; whoever is that quick looks again.
        """
        row = gm.page.locator(".o_list_view .o_data_row", has_text=document)
        for attempt in range(5):
            gm.open("aftersales-decisions", ".o_list_view .o_data_row")
            row.locator(".o_data_cell").first.click()
            gm.page.wait_for_selector(FORM)
            try:
                gm.state("pending")
                return
            except AssertionError:
                if attempt == 4:
                    raise

    def mend(self, action: int) -> None:
        """The manager reads why it came back, changes the plan and submits it again."""
        manager = self["manager"]
        manager.open(f"aftersales-actions/{action}")
        manager.state("draft")
        expect(manager.field("return_reason")).to_contain_text("目标太宽")
        manager.picture("action-returned")
        manager.date("date_deadline", in_days(14), in_days(20))
        manager.tab("effect")
        manager.fill("target", "5")
        manager.press("action_submit")
        manager.state("submitted")

    def carry_out(self, action: int) -> None:
        """The responsible person starts, reports the measure and then the action as done."""
        crc = self["crc"]
        crc.open(f"aftersales-actions/{action}")
        crc.press("action_start")
        crc.state("in_progress")
        crc.tab("measures")
        crc.picture("action-in-progress")
        crc.dialog("action_open_done")
        crc.fill("note", "压力记录表")
        crc.apply("action_apply")
        expect(crc.root.locator("[name='measure_ids'] .o_data_row button[name='action_undo']")).to_be_visible()
        crc.press("action_done", ".btn-primary")
        crc.state("done")

    def verify(self, action: int) -> None:
        """The supervisor concludes on the effect and closes the action."""
        manager = self["manager"]
        manager.open(f"aftersales-actions/{action}")
        manager.dialog("action_open_step", ".btn-primary")
        manager.choose("effective", "yes")
        manager.fill("conclusion", "再没有同类抱怨。")
        manager.fill("reason", "本月同类维修很少。")
        manager.picture("action-verify")
        manager.apply("action_apply")
        manager.state("verified")
        manager.press("action_close")
        manager.state("closed")
        manager.tab("effect")
        manager.picture("action-closed")

    def close(self, complaint: int) -> None:
        """The consultant makes the second callback; the manager closes the complaint."""
        crc, manager = self["crc"], self["manager"]
        crc.open(f"aftersales-complaints/{complaint}")
        crc.dialog("action_open_step", ".btn-primary")
        crc.choose("satisfied", "yes")
        crc.fill("note", "现在很凉快。")
        crc.picture("second-callback")
        crc.apply("action_apply")
        crc.state("second_callback")
        manager.open(f"aftersales-complaints/{complaint}")
        manager.press("action_close")
        manager.state("closed")
        manager.picture("complaint-closed")

    def report(self, root: clients.Json2) -> None:
        """The scheduler writes the report; consultant, manager and general manager take it to its signature."""
        root("ir.cron", "method_direct_trigger", ids=[self.store.shipped["ir_cron_aftersales_monthly_report"]])
        (number,) = self.store.gm("aftersales.monthly.report", "search", domain=[])
        crc, manager, gm = self["crc"], self["manager"], self["gm"]
        crc.open(f"aftersales-monthly-reports/{number}")
        crc.picture("report-written")
        self.speaks("report", crc)
        crc.press("action_submit")
        crc.state("submitted")
        manager.open(f"aftersales-monthly-reports/{number}")
        manager.tab("analysis")
        editor = manager.root.locator(".o_field_widget[name='quality_analysis'] .odoo-editor-editable")
        editor.click()
        manager.page.keyboard.type("空调检修的检漏是本月的重点。")
        manager.picture("report-analysis")
        manager.press("action_analyse")
        manager.state("analysed")
        name = self.store.gm(
            "aftersales.monthly.report", "read", ids=[number], fields=["display_name"], context={"lang": self.lang}
        )[0]["display_name"]
        self.decide("approved", "report-signed", name)
        gm.open(f"aftersales-monthly-reports/{number}")
        gm.state("signed")
        gm.picture("report")
        for name, start in (("pdf_zh", b"%PDF-"), ("xlsx_en", b"PK")):
            with gm.page.expect_download(timeout=60_000) as waiting:
                gm.root.locator(f"button[name='action_download_{name}']").click()
            path = waiting.value.path()
            assert path.read_bytes().startswith(start), f"{waiting.value.suggested_filename} is no {name}"


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_from_the_export_file_to_the_signed_report(lang, server, odoo_env, open_page, tmp_path):
    """Five people carry one customer's displeasure through the chain, each on the own screens."""
    root = clients.Json2(server.url, server.database, clients.api_key(odoo_env, server.database, "admin"))
    store = chain_store.open_store(odoo_env, server.url, server.database, root, lang=lang)
    journey = Journey(store, open_page, server.url, lang, tmp_path)
    journey.import_file()
    journey.file_vehicle()
    journey.plan()
    callback = journey.call()
    complaint = journey.complaint(callback)
    action = journey.propose(complaint)
    journey.decide("returned", "action-to-sign", "CA/")
    journey.mend(action)
    journey.decide("approved", "action-again", "CA/")
    journey.carry_out(action)
    journey.verify(action)
    journey.close(complaint)
    journey.report(root)
    assert not journey.missing, "Words of the trade are missing on: " + ", ".join(journey.missing)


PHONE = {"width": 390, "height": 844}
#: What people open on a phone, and who.
PHONE_SCREENS = (
    ("crc", "aftersales-call", ".o_call_screen"),
    ("crc", "aftersales-callbacks", ".o_view_controller"),
    ("manager", "aftersales-complaints", ".o_view_controller"),
    ("manager", "vehicle-files", ".o_view_controller"),
    ("gm", "aftersales-decisions", ".o_view_controller"),
    ("gm", "aftersales-monthly-reports", ".o_view_controller"),
)


def test_screens_fit_a_phone(server, odoo_env, open_page):
    """No screen is wider than a phone."""
    root = clients.Json2(server.url, server.database, clients.api_key(odoo_env, server.database, "admin"))
    store = chain_store.open_store(odoo_env, server.url, server.database, root)
    people: dict[str, Person] = {}
    for role, path, view in PHONE_SCREENS:
        if role not in people:
            people[role] = Person(open_page, server.url, store.logins[role], f"phone-{role}", has_touch=True)
            people[role].page.set_viewport_size(PHONE)
        person = people[role]
        person.open(path, view)
        person.picture(re.sub(r"\W", "-", path))
        wide = person.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{path} is {wide} pixels wider than the phone"
