"""The complaint attacked from outside, as each role, over JSON-2: the matrix, the legal lanes, the ledgers."""

from __future__ import annotations

import datetime

import pytest

from harness.clients import RpcError

from .store import ROLES, xmlid
from .test_engine_attacks import Site

CASE = "aftersales.complaint"
SOON = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=3)).strftime("%Y-%m-%d %H:%M:%S")
#: Public methods of a case with arguments that they accept, and who may call them on a case just taken in by `crc`.
CALLS = {
    "action_confirm": ({}, ("crc", "manager", "gm")),
    "action_classify": ({"reason": "x"}, ()),
    "action_investigate": ({}, ()),
    "action_propose_solution": ({}, ()),
    "action_revise_solution": ({}, ()),
    "action_carry_out": ({}, ()),
    "action_record_second_callback": ({"satisfied": "yes"}, ()),
    "action_rework": ({"reason": "x"}, ()),
    "action_close": ({}, ()),
    "action_reject": ({"reason": "x", "recourse": "x"}, ("manager", "gm")),
    "action_withdraw": ({"reason": "x"}, ("crc", "manager", "gm")),
    "action_reopen": ({"reason": "x"}, ()),
    "action_acknowledge": ({}, ("crc", "manager", "gm")),
    "action_promote": ({}, ("crc", "manager", "gm")),
    "action_reply": ({"note": "x"}, ("crc", "manager", "gm")),
    "action_promise": ({"date_promised_update": SOON}, ("crc", "manager", "gm")),
    "action_pause": ({"waiting_for": "customer", "reason": "x"}, ("crc", "manager", "gm")),
    "action_change_level": ({"level": "urgent", "reason": "x"}, ("manager", "gm")),
    "action_leave_lane": ({"lane": "is_safety", "reason": "x"}, ("gm",)),
    "action_gm_seen": ({}, ("gm",)),
    "action_reveal_contact": ({}, ("crc", "manager", "gm")),
}


class Desk(Site):
    """A store whose consultants take cases in."""

    def take_in(self, **values) -> int:
        """A case that the consultant has just taken in."""
        number = next(self.numbers)
        (partner,) = self.admin.create("res.partner", {"name": f"Caller {number}", "phone": f"1390000{number:04}"})
        (case,) = self.client("crc").create(
            CASE,
            {
                "partner_id": partner,
                "kind_id": xmlid(self.admin, "complaint_kind_environment"),
                "description": f"Smell of cigarettes {number}",
                "company_id": self.store.company,
                **values,
            },
        )
        return case

    def lead(self, case: int, steps: int) -> None:
        """Walk the case on by its proper people, so many steps."""
        gm = self.client("gm")
        investigation = {
            "facts": "Ash on the seat",
            "statement_customer": "Smell",
            "statement_staff": "Window was open",
            "cause_id": xmlid(self.admin, "cause_no_standard"),
            "root_cause": f"No rule {case}",
            "department": "Wash",
            "responsible_main_id": self.store.users["advisor_2"],
        }
        for step in (
            lambda: gm(CASE, "action_confirm", ids=[case]),
            lambda: gm(CASE, "action_classify", ids=[case], handler_id=self.store.users["gm"]),
            lambda: (gm.write(CASE, [case], investigation), gm(CASE, "action_investigate", ids=[case])),
            lambda: (gm.write(CASE, [case], {"solution": "Clean"}), gm(CASE, "action_propose_solution", ids=[case])),
            lambda: gm(CASE, "action_carry_out", ids=[case]),
            lambda: self.client("crc_2")(CASE, "action_record_second_callback", ids=[case], satisfied="yes"),
        )[:steps]:
            step()

    def state(self, case: int) -> str:
        """The step in which the case is."""
        return self.client("gm")(CASE, "read", ids=[case], fields=["state"])[0]["state"]


@pytest.fixture(scope="module")
def desk(odoo_env, make_database):
    desk = Desk(odoo_env, make_database())
    yield desk
    desk.server.stop()


def refused(client, method: str, model: str = CASE, **arguments) -> None:
    """The call is refused for rights, state or content, never by an accident."""
    with pytest.raises(RpcError) as error:
        client(model, method, **arguments)
    assert error.value.status in (403, 404, 422), (model, method, arguments, error.value)


@pytest.mark.parametrize("role", ROLES)
def test_matrix_over_json2(desk, role):
    """Every public step that the matrix does not grant to the role on a new case is refused, and moves nothing."""
    case = desk.take_in()
    client = desk.client(role)
    for method, (arguments, allowed) in CALLS.items():
        if role not in allowed:
            refused(client, method, ids=[case], **arguments)
    other = desk.take_in()
    if role not in ("manager", "gm"):
        refused(client, "action_merge", ids=[case], target_id=other)
        refused(client, "action_propose_handover", ids=[desk.take_in()], user_id=-1, reason="x")
    assert desk.state(case) == "received"
    # What the matrix grants works: the refusals above are no dead server
    for method in ("action_reply", "action_acknowledge"):
        arguments, allowed = CALLS[method]
        if role in allowed:
            client(CASE, method, ids=[case], **arguments)


@pytest.mark.parametrize("role", ROLES)
def test_nobody_writes_what_the_steps_write(desk, role):
    """State, number, owner, level, dates, promises and bodies are written by no role, whatever the context says."""
    case = desk.take_in(source="hotline_12315")
    (body,) = desk.client("gm")("aftersales.complaint.external", "search", domain=[["complaint_id", "=", case]])
    client = desk.client(role)
    for values in (
        {"state": "closed"},
        {"name": "CP/1"},
        {"owner_id": desk.store.users["gm"]},
        {"handler_id": desk.store.users["manager"]},
        {"level": "general"},
        {"nature": "grievance"},
        {"date_received": "2020-01-01 00:00:00"},
        {"date_replied": "2026-01-01 00:00:00"},
        {"date_promised_update": SOON},
        {"clock_breached": False},
        {"handling_score": "5"},
        {"was_safety": False},
        {"is_external": False},
        {"external_ids": [[2, body]]},
        {"external_ids": [[1, body, {"state": "settled"}]]},
        {"external_ids": [[5]]},
        {"promise_ids": [[0, 0, {"date_promised": SOON}]]},
        {"handover_ids": [[0, 0, {"to_id": 2}]]},
        {"company_id": 1},
    ):
        for context in ({}, {"aftersales_protected_write": True, "import_file": True, "install_mode": True}):
            refused(client, "write", ids=[case], vals=values, context=context)
    for model in ("aftersales.complaint.external", "aftersales.complaint.promise", "aftersales.handover"):
        rows = desk.client("gm")(model, "search", domain=[["complaint_id", "=", case]])
        if rows:
            refused(client, "unlink", model, ids=rows)
        refused(client, "create", model, vals_list=[{"complaint_id": case}])
    refused(client, "unlink", ids=[case])


@pytest.mark.parametrize("lane", ["safety", "external"])
def test_legal_lanes_have_no_way_around(desk, lane):
    """By no path does a case of a legal lane end before it has what the domain demands; then it does."""
    gm, manager, crc = (desk.client(role) for role in ("gm", "manager", "crc"))
    values = {"source": "media"} if lane == "external" else {"kind_id": xmlid(desk.admin, "complaint_kind_brakes")}
    case = desk.take_in(**values)
    flag = "is_external" if lane == "external" else "is_safety"

    def attack() -> None:
        for client in (gm, manager, crc):
            refused(client, "action_close", ids=[case])
            refused(client, "action_reject", ids=[case], reason="x", recourse="12315")
            refused(client, "action_withdraw", ids=[case], reason="x")
            refused(client, "write", ids=[case], vals={flag: False})
            refused(client, "write", ids=[case], vals={"state": "closed"})
            imported = client(CASE, "load", fields=[".id", "state"], data=[[str(case), "closed"]])
            assert not imported["ids"], imported
        refused(gm, "action_leave_lane", ids=[case], lane=flag, reason="x")
        refused(gm, "action_change_level", ids=[case], level="general", reason="x")

    attack()
    desk.lead(case, 6)
    attack()
    if lane == "safety":
        # Another kind opens the way out of the lane, and the statement is owed all the same
        gm.write(CASE, [case], {"kind_id": xmlid(desk.admin, "complaint_kind_environment")})
        gm(CASE, "action_leave_lane", ids=[case], lane="is_safety", reason="The customer mixed it up")
    gm.write(CASE, [case], {"no_action_reason": "Single case", "safety_statement": "   "})
    refused(gm, "action_close", ids=[case])
    gm.write(CASE, [case], {"safety_statement": "Tested on the road"})
    if lane == "external":
        refused(gm, "action_close", ids=[case])
        rows = gm.search_read("aftersales.complaint.external", [["complaint_id", "=", case]], ["item_ids"])
        row = rows[0]
        refused(gm, "action_answer", "aftersales.complaint.external", ids=[row["id"]], answer="Told them")
        gm.write("aftersales.complaint.external.item", row["item_ids"], {"value": "given"})
        gm("aftersales.complaint.external", "action_answer", ids=[row["id"]], answer="Told them")
        refused(gm, "action_close", ids=[case])
        gm("aftersales.complaint.external", "action_settle", ids=[row["id"]], result="Printed")
    gm(CASE, "action_close", ids=[case])
    assert desk.state(case) == "closed"


def test_merging_carries_the_lane(desk):
    """A case in a lane that is merged puts the other one into the lane: nothing gets lost on the way."""
    manager = desk.client("manager")
    case = desk.take_in(kind_id=xmlid(desk.admin, "complaint_kind_brakes"))
    partner = manager(CASE, "read", ids=[case], fields=["partner_id"])[0]["partner_id"][0]
    target = desk.take_in(partner_id=partner)
    manager(CASE, "action_merge", ids=[case], target_id=target)
    row = manager(CASE, "read", ids=[target], fields=["is_safety", "level"])[0]
    assert (row["is_safety"], row["level"]) == (True, "urgent")
    refused(desk.client("gm"), "action_withdraw", ids=[target], reason="x")


def test_the_person_concerned_is_blind(desk):
    """Who is concerned reads, finds, counts, groups and discusses nothing of the case, by any call."""
    user = desk.store.users["manager_2"]
    case = desk.take_in(concerned_ids=[[6, 0, [user]]])
    blind = desk.client("manager_2")
    mine = [["id", "=", case]]
    assert blind(CASE, "search", domain=mine) == []
    assert blind(CASE, "search_count", domain=mine) == 0
    assert blind(CASE, "formatted_read_group", domain=mine, groupby=["state"], aggregates=["__count"]) == []
    assert blind("mail.message", "search", domain=[["model", "=", CASE], ["res_id", "=", case]]) == []
    assert blind("aftersales.clock", "search", domain=[["res_model", "=", CASE], ["res_id", "=", case]]) == []
    assert blind("aftersales.handover", "search", domain=[["complaint_id", "=", case]]) == []
    # Nor by the fields of others that point to it
    assert (
        blind("res.partner", "search", domain=[["message_ids.model", "=", CASE], ["message_ids.res_id", "=", case]])
        == []
    )
    refused(blind, "read", ids=[case], fields=["facts"])
    refused(blind, "web_read", ids=[case], specification={"facts": {}})
    refused(blind, "action_reply", ids=[case], note="Sorry")
    refused(blind, "message_post", ids=[case], body="I was not there")
