"""The engines attacked from outside, as each role, over JSON-2 and XML-RPC (DESIGN.md, "Server truth")."""

from __future__ import annotations

import datetime
import threading
import xmlrpc.client

import pytest

from harness.clients import Json2, RpcError, api_key
from harness.server import OdooServer

from .store import ROLES, make_store

VINS = ("LATPAB071W1005301", "1M8GDM9AXKP042788", "11111111111111111")
PROOF = "aftersales_protected_write"


class Site:
    """A server with a store, and clients of each role."""

    def __init__(self, env, database):
        self.env = env
        self.server = OdooServer(env, database, workers=2)
        self.server.start()
        self.admin = Json2(self.server.url, database, api_key(env, database, "admin"))
        self.store = make_store(self.admin)
        self.clients = {}
        self.numbers = iter(range(1, 10000))

    def client(self, role: str) -> Json2:
        if role not in self.clients:
            key = api_key(self.env, self.server.database, f"store.{role}")
            self.clients[role] = Json2(self.server.url, self.server.database, key)
        return self.clients[role]

    def xmlrpc(self, role: str):
        """``call(model, method, *args, **kwargs)`` over XML-RPC."""
        proxy = xmlrpc.client.ServerProxy(f"{self.server.url}/xmlrpc/2/object", allow_none=True)
        login = f"store.{role}"
        return lambda model, method, *args, **kwargs: proxy.execute_kw(
            self.server.database, self.store.users[role], login, model, method, args, kwargs
        )

    def submitted_file(self) -> tuple[int, int]:
        """A vehicle file that waits for verification: (vehicle id, approval id)."""
        advisor = self.client("advisor")
        number = next(self.numbers)
        (brand,) = self.admin.create("fleet.vehicle.model.brand", {"name": f"Brand {number}"})
        (model,) = self.admin.create("fleet.vehicle.model", {"name": "Model", "brand_id": brand})
        (owner,) = self.admin.create("res.partner", {"name": f"Owner {number}", "phone": f"1380000{number:04}"})
        (vehicle,) = advisor.create(
            "aftersales.vehicle",
            {
                "vin": f"LSVAB41E7E2{number:06}",
                "license_plate": f"沪A{number:05}",
                "model_id": model,
                "partner_id": owner,
            },
        )
        advisor("aftersales.vehicle", "action_submit", ids=[vehicle])
        (approval,) = advisor(
            "aftersales.approval", "search", domain=[["res_model", "=", "aftersales.vehicle"], ["res_id", "=", vehicle]]
        )
        return vehicle, approval

    def planned_action(self) -> int:
        """A draft of a corrective action with one measure, proposed by the service manager."""
        number = next(self.numbers)
        (category,) = self.admin.create("aftersales.problem.category", {"name": f"Case {number}", "code": f"c{number}"})
        day = (datetime.date.today() + datetime.timedelta(days=20)).isoformat()
        advisor = self.store.users["advisor"]
        measure = {"name": "Print the quote", "kind": "corrective", "date_deadline": day, "responsible_id": advisor}
        (action,) = self.client("manager").create(
            "aftersales.corrective.action",
            {
                "name": "Explain the price",
                "kind": "corrective",
                "problem": "Surprised by the price",
                "root_cause": "The quote is not printed",
                "responsible_id": advisor,
                "supervisor_id": self.store.users["manager_2"],
                "date_deadline": day,
                "indicator": "problem_rate",
                "problem_category_id": category,
                "target": 5.0,
                "window_days": 30,
                "measure_ids": [[0, 0, measure]],
            },
        )
        return action

    def approval(self, approval: int) -> dict:
        return self.admin("aftersales.approval", "read", ids=[approval], fields=["state", "decided_by_id"])[0]


@pytest.fixture(scope="module")
def site(odoo_env, make_database):
    site = Site(odoo_env, make_database())
    yield site
    site.server.stop()


STAFF = [role for role in ROLES if role != "officer"]


@pytest.mark.parametrize("role", STAFF)
def test_no_role_writes_state_signature_or_clock(site, role):
    """Writing the state, a signature, a ledger row or a clock is refused to every role, whatever the context says."""
    vehicle, approval = site.submitted_file()
    (clock,) = site.admin(
        "aftersales.clock", "search", domain=[["res_model", "=", "aftersales.approval"], ["res_id", "=", approval]]
    )
    events = site.admin("aftersales.clock.event", "search", domain=[["clock_id", "=", clock]])
    attacks = [
        ("aftersales.vehicle", vehicle, {"state": "filed"}),
        ("aftersales.vehicle", vehicle, {"approval_ids": [[1, approval, {"state": "approved"}]]}),
        ("aftersales.approval", approval, {"state": "approved", "decided_by_id": 2}),
        ("aftersales.approval", approval, {"content_hash": "0" * 64}),
        ("aftersales.approval", approval, {"requester_id": 2}),
        ("aftersales.clock", clock, {"date_deadline": "2099-01-01 00:00:00"}),
        ("aftersales.clock", clock, {"state": "stopped", "is_breached": False}),
        ("aftersales.clock.event", events[0], {"date_event": "2020-01-01 00:00:00"}),
    ]
    client, call = site.client(role), site.xmlrpc(role)
    for model, record, values in attacks:
        for context in ({}, {PROOF: True}, {PROOF: {"model": model}, "install_mode": True, "import_file": True}):
            with pytest.raises(RpcError) as refused:
                client(model, "write", ids=[record], vals=values, context=context)
            assert refused.value.status in (403, 422), (model, values, refused.value)
            with pytest.raises(xmlrpc.client.Fault):
                call(model, "write", [record], values, context=context)
    state = site.admin("aftersales.vehicle", "read", ids=[vehicle], fields=["state"])[0]["state"]
    assert (state, site.approval(approval)["state"]) == ("submitted", "pending")
    assert site.admin("aftersales.clock", "read", ids=[clock], fields=["state"])[0]["state"] == "running"


@pytest.mark.parametrize("role", STAFF)
def test_no_role_makes_or_deletes_ledger_rows(site, role):
    """Approvals, clocks and events are neither created nor deleted by RPC."""
    vehicle, _approval = site.submitted_file()
    client = site.client(role)
    forged = {
        "aftersales.approval": {
            "name": "Forged", "purpose": "verify", "res_model": "aftersales.vehicle", "res_id": vehicle,
            "company_id": site.store.company, "requester_id": 2, "date_requested": "2026-01-01 00:00:00",
            "state": "approved",
        },
        "aftersales.clock": {
            "name": "Forged", "code": "x", "res_model": "aftersales.vehicle", "res_id": vehicle,
            "company_id": site.store.company,
        },
        "aftersales.clock.event": {"clock_id": 1, "kind": "stop", "date_event": "2026-01-01 00:00:00"},
    }  # fmt: skip
    for model, values in forged.items():
        with pytest.raises(RpcError):
            client.create(model, values)
        rows = site.admin(model, "search", domain=[], limit=1)
        with pytest.raises(RpcError):
            client(model, "unlink", ids=rows)
        with pytest.raises(RpcError):
            client(model, "copy", ids=rows)


@pytest.mark.parametrize(
    "method", ["_write_protected", "_create_protected", "_do_submit", "_process_due", "_record_event"]
)
def test_own_code_paths_are_out_of_reach(site, method):
    """The methods that may write protected fields cannot be called from outside."""
    vehicle, _approval = site.submitted_file()
    model = "aftersales.clock" if method in ("_process_due", "_record_event") else "aftersales.vehicle"
    for role in STAFF:
        with pytest.raises(RpcError) as refused:
            site.client(role)(model, method, ids=[vehicle])
        assert refused.value.status in (403, 404, 422)


def test_deciding_out_of_turn_twice_for_another_and_ones_own(site):
    """Only the role decides, once, and never on one's own request; a return needs a reason."""
    vehicle, approval = site.submitted_file()
    for role in ("advisor", "crc", "archivist", "gm", "admin"):
        with pytest.raises(RpcError) as refused:
            site.client(role)("aftersales.approval", "decide", ids=[approval], decision="approved")
        assert refused.value.status == 403
    manager = site.client("manager")
    with pytest.raises(RpcError) as refused:
        manager("aftersales.approval", "decide", ids=[approval], decision="returned")
    assert refused.value.status == 422
    with pytest.raises(RpcError):
        manager("aftersales.approval", "decide", ids=[approval], decision="signed")
    manager("aftersales.approval", "decide", ids=[approval], decision="approved")
    with pytest.raises(RpcError) as refused:
        site.client("manager_2")("aftersales.approval", "decide", ids=[approval], decision="returned", reason="late")
    assert "no longer waiting" in refused.value.message
    filing = site.admin(
        "aftersales.approval",
        "search",
        domain=[["res_model", "=", "aftersales.vehicle"], ["res_id", "=", vehicle], ["purpose", "=", "file"]],
    )
    with pytest.raises(RpcError):
        manager("aftersales.approval", "decide", ids=filing, decision="approved")
    site.client("archivist")("aftersales.approval", "decide", ids=filing, decision="approved")
    assert site.admin("aftersales.vehicle", "read", ids=[vehicle], fields=["state"])[0]["state"] == "filed"


def test_editing_after_signing_voids_the_signature(site):
    """One changed character of a measure voids the general manager's signature and asks again; a tag does not."""
    manager, gm = site.client("manager"), site.client("gm")
    action = site.planned_action()
    manager("aftersales.corrective.action", "action_submit", ids=[action])
    with pytest.raises(RpcError):
        manager("aftersales.corrective.action", "action_approval_approve", ids=[action])
    gm("aftersales.corrective.action", "action_approval_approve", ids=[action])

    def rows():
        domain = [["res_model", "=", "aftersales.corrective.action"], ["res_id", "=", action]]
        return gm.search_read("aftersales.approval", domain, ["state", "void_reason"], order="id")

    measures = manager("aftersales.corrective.action", "read", ids=[action], fields=["measure_ids"])[0]["measure_ids"]
    manager.write("aftersales.corrective.action", [action], {"team_ids": [[6, 0, [site.store.users["crc"]]]]})
    assert [row["state"] for row in rows()] == ["approved"]
    manager.write("aftersales.corrective.measure", measures, {"name": "Print the quote."})
    assert [row["state"] for row in rows()] == ["void", "pending"]
    assert "Print the quote." in rows()[0]["void_reason"]
    state = manager("aftersales.corrective.action", "read", ids=[action], fields=["state"])[0]["state"]
    assert state == "submitted"


@pytest.mark.parametrize("role", STAFF)
def test_no_role_forges_an_action(site, role):
    """Step, signature, dates and effect of an action and its measures are refused over both protocols and by import."""
    model = "aftersales.corrective.action"
    action = site.planned_action()
    site.client("manager")(model, "action_submit", ids=[action])
    names = ["state", "date_signed", "effective", "effect_after", "effect_p", "round", "baseline", "proposed_by_id"]
    before = site.admin(model, "read", ids=[action], fields=names)
    measures = site.admin(model, "read", ids=[action], fields=["measure_ids"])[0]["measure_ids"]
    attacks = [
        (model, [action], {"state": "signed"}),
        (model, [action], {"date_signed": "2026-01-01 00:00:00"}),
        (model, [action], {"effective": "yes", "effect_after": 0.0, "effect_p": 0.001}),
        (model, [action], {"baseline": 99.0, "round": 2, "proposed_by_id": 2}),
        (model, [action], {"approval_ids": [[0, 0, {"purpose": "sign", "state": "approved"}]]}),
        ("aftersales.corrective.measure", measures, {"date_done": "2026-01-01", "done_by_id": 2}),
    ]
    client, call = site.client(role), site.xmlrpc(role)
    for name, records, values in attacks:
        with pytest.raises(RpcError) as refused:
            client(name, "write", ids=records, vals=values, context={PROOF: True})
        assert refused.value.status in (403, 422), (name, values, refused.value)
        with pytest.raises(xmlrpc.client.Fault):
            call(name, "write", records, values)
        with pytest.raises(xmlrpc.client.Fault):
            call(name, "web_save", records, values, {"display_name": {}})
    for step in ("action_start", "action_done", "action_close"):
        with pytest.raises(RpcError):
            client(model, step, ids=[action])
    if role != "gm":
        with pytest.raises(RpcError):
            client(model, "action_approval_approve", ids=[action])
    assert site.admin(model, "read", ids=[action], fields=names) == before


def test_the_group_officer_reaches_no_file(site):
    """The group officer reads neither files nor their decisions and clocks."""
    vehicle, approval = site.submitted_file()
    officer = site.client("officer")
    for model, record in (("aftersales.vehicle", vehicle), ("aftersales.approval", approval)):
        with pytest.raises(RpcError) as refused:
            officer(model, "read", ids=[record], fields=["display_name"])
        assert refused.value.status == 403


def test_two_processes_decide_at_the_same_moment(site):
    """One wins, the other gets a clear sentence; ten times over, on a server with two worker processes."""
    for _round in range(10):
        _vehicle, approval = site.submitted_file()
        barrier, outcomes = threading.Barrier(2), {}

        def decide(role, decision, approval=approval, barrier=barrier, outcomes=outcomes):
            client = site.client(role)
            barrier.wait()
            try:
                client("aftersales.approval", "decide", ids=[approval], decision=decision, reason="Checked")
                outcomes[role] = "won"
            except RpcError as error:
                outcomes[role] = error.message

        threads = [
            threading.Thread(target=decide, args=("manager", "approved")),
            threading.Thread(target=decide, args=("manager_2", "returned")),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        losers = [text for text in outcomes.values() if text != "won"]
        assert len(losers) == 1, outcomes
        assert "no longer waiting" in losers[0] or "very moment" in losers[0], losers
        winner = next(role for role, text in outcomes.items() if text == "won")
        row = site.approval(approval)
        assert row["decided_by_id"][0] == site.store.users[winner]
        assert row["state"] == ("approved" if winner == "manager" else "returned")
