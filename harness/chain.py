"""Drive the after-sales chain once on a running demo store, as its people would.

A store of its own is opened for it, so that a check neither needs nor spoils the demonstration data: a month's export
of the dealer management system goes in at one end, and the signed monthly report comes out at the other.  Everything
goes through the product's own interfaces: JSON-2 as the person whose step it is, the web session for downloads, the
scheduler's own run for the report.
"""

from __future__ import annotations

import base64
import calendar
import datetime
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from . import clients, dms_export
from .chain_store import ZONE, Store, log_everybody_in, open_store
from .clients import Json2, RpcError
from .demo import Login
from .environment import Environment
from .errors import ChainBroken, expect
from .report_files import fetch_files
from .say import say

ORDERS = 300
PROBLEM_WORDS = "空调修过两次还是不凉，请给个说法。"


def drive(env: Environment, url: str, db: str, people: list[Login]) -> None:
    """Log a person of every role in, then drive the chain from the export file to the signed report.

    ``ChainBroken`` names the link that does not hold, and how.
    """
    began = time.monotonic()
    if not people:
        raise ChainBroken(f"{db} has no person with a role of the addon.")
    _link("Logins", log_everybody_in, env, url, db, people)
    root = Json2(url, db, clients.api_key(env, db, "admin"))
    store = _link("Store", open_store, env, url, db, root)
    _link("Import", import_month, store)
    _link("Vehicle file", file_vehicle, store)
    _link("Callback plan", plan_month, store)
    callback = _link("Callback", call_customers, store)
    complaint = _link("Complaint", handle_complaint, store, callback)
    action = _link("Corrective action", act, store, complaint)
    _link("Closing", close_complaint, store, complaint, action)
    report = _link("Monthly report", write_report, store, root)
    _link("Report files", fetch_files, store.gm, store.logins["gm"], url, db, report)
    say(f"From the export file to the signed report in {time.monotonic() - began:.0f} s.")


def _link(name: str, step: Callable, *arguments):
    try:
        return step(*arguments)
    except RpcError as error:
        raise ChainBroken(f"{name}: the server refused: {error}") from error


# The links -----------------------------------------------------------


def import_month(store: Store) -> None:
    """Bring the month's export in as CSV in GB18030, then the same month as XLSX, which must change nothing."""
    seed = f"check-{store.company}"
    with tempfile.TemporaryDirectory() as folder:
        for form, name in (("csv", f"WX{store.month:%Y%m}.csv"), ("xlsx", f"WX{store.month:%Y%m}.xlsx")):
            path = Path(folder, name)
            expected = dms_export.write_month(path, store.month, seed, orders=ORDERS, fmt=form, advisors=("陈静",))
            content = base64.b64encode(path.read_bytes()).decode()
            (number,) = store.admin.create("aftersales.import", {"file": content, "file_name": name})
            store.admin("aftersales.import", "action_read_file", ids=[number])
            store.admin("aftersales.import", "action_dry_run", ids=[number])
            tried = _read(store.admin, "aftersales.import", number, IMPORT_FIELDS)
            orders = store.admin("aftersales.repair.order", "search_count", domain=[])
            expect(
                orders == (0 if form == "csv" else expected["orders"]),
                f"Import: the dry run of {name} wrote {orders} orders",
            )
            store.admin("aftersales.import", "action_apply", ids=[number])
            done = _read(store.admin, "aftersales.import", number, IMPORT_FIELDS)
            for key in ("row_count", "order_created", "vehicle_created", "count_refused"):
                expect(tried[key] == done[key], f"Import: {name}: {key} {done[key]}, the dry run said {tried[key]}")
            _check_import(store, form, name, done, expected)
            say(
                f"Import of {name} ({done['encoding'] or 'XLSX'}): {done['row_count']} rows, "
                f"{done['order_created']} orders, {done['vehicle_created']} vehicle files, "
                f"{done['partner_created']} customers, {done['count_unchanged']} rows unchanged, "
                f"{done['count_refused']} refused with their reasons in {done['refused_file_name']}"
            )


IMPORT_FIELDS = (
    "state", "encoding", "row_count", "order_created", "vehicle_created", "partner_created", "count_unchanged",
    "count_refused", "refused_file_name",
)  # fmt: skip


def _check_import(store: Store, form: str, name: str, done: dict, expected: dict) -> None:
    first = form == "csv"
    wanted = {
        "state": "applied",
        "row_count": expected["rows"],
        "order_created": expected["orders"] if first else 0,
        "vehicle_created": expected["vehicles"] if first else 0,
        "count_refused": expected["refused"],
    }
    for key, value in wanted.items():
        expect(done[key] == value, f"Import: {name}: {key} is {done[key]}, expected {value}")
    if first:
        expect(done["encoding"] == "gb18030", f"Import: {name} was read as {done['encoding']}")
    delivered = store.admin("aftersales.repair.order", "search_count", domain=[["state", "=", "delivered"]])
    expect(delivered == expected["delivered"], f"Import: {delivered} delivered orders, not {expected['delivered']}")


def file_vehicle(store: Store) -> None:
    """Submit an imported file, have it verified and filed by three different persons."""
    vehicle = store.advisor.search_read(
        "aftersales.vehicle",
        [["state", "=", "draft"], ["vin", "!=", False], ["model_id", "!=", False], ["partner_id", "!=", False]],
        ["vin", "plate_display"],
        limit=1,
    )[0]
    store.advisor("aftersales.vehicle", "action_submit", ids=[vehicle["id"]])
    _refused(
        "Vehicle file: the archivist verified a file",
        lambda: store.archivist("aftersales.vehicle", "action_approval_approve", ids=[vehicle["id"]]),
    )
    store.manager("aftersales.vehicle", "action_approval_approve", ids=[vehicle["id"]])
    store.archivist("aftersales.vehicle", "action_approval_approve", ids=[vehicle["id"]])
    state = _read(store.advisor, "aftersales.vehicle", vehicle["id"], ["state"])["state"]
    expect(state == "filed", f"Vehicle file: {vehicle['plate_display']} is {state}, not filed")
    _refused(
        "Vehicle file: a filed file was changed without a change request",
        lambda: store.manager.write("aftersales.vehicle", [vehicle["id"]], {"engine_number": "X1"}),
    )
    say(f"Vehicle file {vehicle['plate_display']} ({vehicle['vin']}): submitted, verified, filed; its card is locked")


def plan_month(store: Store) -> None:
    """Preview the month's callbacks, then confirm them."""
    (plan,) = store.crc.create(
        "aftersales.callback.plan",
        {"date_from": f"{store.month:%Y-%m-%d}", "agent_ids": [[6, 0, [store.people["crc"]]]]},
    )
    names = ["state", "included_count", "excluded_count", "callback_count", "shortage"]
    store.crc("aftersales.callback.plan", "action_preview", ids=[plan])
    preview = _read(store.crc, "aftersales.callback.plan", plan, names)
    expect(preview["callback_count"] == 0, "Callback plan: the preview wrote callbacks")
    store.crc("aftersales.callback.plan", "action_confirm", ids=[plan])
    done = _read(store.crc, "aftersales.callback.plan", plan, names)
    expect(done["callback_count"] == preview["included_count"] > 0, f"Callback plan: {preview} became {done}")
    store.crc("aftersales.callback.plan", "action_replan", ids=[plan])
    again = _read(store.crc, "aftersales.callback.plan", plan, names)
    expect(again["callback_count"] == done["callback_count"], "Callback plan: planning again added callbacks")
    days = store.crc.search_read("aftersales.callback", [["plan_id", "=", plan]], ["date_planned", "explanation"])
    expect(all(row["explanation"] for row in days), "Callback plan: a callback has no explanation")
    spread = Counter(row["date_planned"] for row in days if row["date_planned"])
    say(
        f"Callback plan {store.month:%Y-%m}: {done['callback_count']} callbacks on {len(spread)} days, "
        f"{done['excluded_count']} candidates left out with the reason, {done['shortage']} short"
    )


def call_customers(store: Store) -> int:
    """Make three calls: a content customer, nobody there, and a problem with a demand; returns the last callback."""
    today = f"{datetime.datetime.now(ZONE):%Y-%m-%d}"
    due = store.crc.search_read(
        "aftersales.callback",
        [["state", "=", "planned"], ["date_due", "<=", today], ["date_expiry", ">=", today], ["kind", "=", "repair"]],
        ["name"],
        order="date_due, id",
        limit=3,
    )
    expect(len(due) == 3, f"Callback: only {len(due)} callbacks can be made today")
    content, nobody, problem = (row["id"] for row in due)
    save = {"duration": 95, "channel": "phone"}
    answers = _answers(store, content)
    store.crc(
        "aftersales.callback", "action_save_call", ids=[content], outcome_code="completed", answers=answers, **save
    )
    store.crc("aftersales.callback", "action_save_call", ids=[nobody], outcome_code="no_answer", duration=20)
    store.crc(
        "aftersales.callback",
        "action_save_call",
        ids=[problem],
        outcome_code="completed",
        answers=_answers(store, problem, problem=True),
        note=PROBLEM_WORDS,
        demand=True,
        **save,
    )
    rows = store.crc(
        "aftersales.callback", "read", ids=[content, nobody, problem],
        fields=["name", "state", "satisfaction", "has_problem", "attempt_count", "complaint_ids"],
    )  # fmt: skip
    states = [row["state"] for row in rows]
    expect(states == ["done", "planned", "done"], f"Callback: the three calls are {states}")
    expect(rows[2]["has_problem"] and len(rows[2]["complaint_ids"]) == 1, f"Callback: no complaint came of {rows[2]}")
    say(
        f"Callbacks {', '.join(row['name'] for row in rows)}: content (5/5), no answer (planned again), "
        f"problem with a demand ({rows[2]['satisfaction']}/5)"
    )
    return problem


def _answers(store: Store, callback: int, *, problem: bool = False) -> dict[str, object]:
    """Answer the questionnaire as the call screen sends it."""
    call = store.crc("aftersales.callback", "get_call", callback_id=callback)["call"]
    expect(call and call["questions"], "Callback: the call screen has no questionnaire")
    expect(call["script"]["opening"], "Callback: the call screen has no script")
    codes = {
        row["id"]: row["code"]
        for row in store.crc("aftersales.question", "read", ids=[q["id"] for q in call["questions"]], fields=["code"])
    }
    answers: dict[str, object] = {}
    for question in call["questions"]:
        bad = problem and codes[question["id"]] in ("fixed", "satisfaction")
        if question["kind"] == "yes_no":
            answers[str(question["id"])] = "no" if bad else "yes"
        elif question["kind"] == "score5":
            answers[str(question["id"])] = 2 if bad else 5
    return answers


def handle_complaint(store: Store, callback: int) -> int:
    """Confirm, classify, answer, investigate and solve the complaint that came of the callback."""
    (case,) = store.manager.search_read(
        "aftersales.complaint", [["callback_id", "=", callback]], ["name", "nature", "level", "clock_ids"]
    )
    expect(case["nature"] == "complaint", f"Complaint: {case['name']} is a {case['nature']}")
    codes = {row["code"] for row in store.manager("aftersales.clock", "read", ids=case["clock_ids"], fields=["code"])}
    wanted = {"gm_notice", "customer_reply", "classify", "first_reply", "handle", "solve"}
    expect(wanted <= codes, f"Complaint: {case['name']} runs without the clocks {sorted(wanted - codes)}")
    kind = store.shipped["complaint_kind_repair_quality"]
    number = [case["id"]]
    store.gm("aftersales.complaint", "action_gm_seen", ids=number)
    store.manager("aftersales.complaint", "action_confirm", ids=number)
    store.manager.write("aftersales.complaint", number, {"kind_id": kind})
    handler = store.people["manager" if case["level"] == "general" else "gm"]
    store.manager(
        "aftersales.complaint", "action_classify", ids=number, level=case["level"], handler_id=handler
    )  # fmt: skip
    store.manager("aftersales.complaint", "action_reply", ids=number, note="已致歉，明天上门取车复检。")
    store.manager.write(
        "aftersales.complaint",
        number,
        {
            "facts": "制冷剂压力偏低，接头渗漏。",
            "statement_customer": PROBLEM_WORDS,
            "statement_staff": "加注后没有做检漏。",
            "cause_id": store.shipped["cause_no_standard"],
            "root_cause": "空调检修没有检漏标准。",
            "department": "机修组",
            "responsible_main_id": store.people["advisor"],
            "solution": "免费更换接头并重新加注。",
        },
    )
    for step in ("action_investigate", "action_propose_solution", "action_carry_out"):
        store.manager("aftersales.complaint", step, ids=number)
    done = _read(store.manager, "aftersales.complaint", case["id"], ["state", "level", "clock_breached"])
    expect(done["state"] == "carried_out", f"Complaint: {case['name']} is {done['state']}")
    expect(not done["clock_breached"], f"Complaint: a clock of {case['name']} is breached within seconds")
    say(f"Complaint {case['name']} ({case['level']}), {len(codes)} clocks: classified, answered, investigated, solved")
    return case["id"]


def act(store: Store, complaint: int) -> int:
    """Plan an action, have it returned once and signed, carried out, verified and closed."""
    model = "aftersales.corrective.action"
    context = store.manager("aftersales.complaint", "action_create_corrective_action", ids=[complaint])["context"]
    today = datetime.datetime.now(ZONE).date()
    deadline = today + datetime.timedelta(days=20)
    values = {key.removeprefix("default_"): value for key, value in context.items()}
    values |= {
        "name": "空调检修后检漏",
        "responsible_id": store.people["advisor"],
        "supervisor_id": store.people["manager"],
        "date_deadline": f"{deadline}",
        "target": 20.0,
        "measure_ids": [
            [0, 0, {
                "kind": "corrective",
                "name": "每次加注后做检漏并记录压力",
                "responsible_id": store.people["advisor"],
                "date_deadline": f"{today + datetime.timedelta(days=10)}",
            }]
        ],
    }  # fmt: skip
    (action,) = store.manager.create(model, values)
    number = _read(store.manager, model, action, ["number"])["number"]
    store.manager(model, "action_submit", ids=[action])
    _refused(f"Corrective action: {number} was signed by its proposer", lambda: _decide(store.manager, "approved"))
    _refused(
        f"Corrective action: the state of {number} was written",
        lambda: store.manager.write(model, [action], {"state": "signed"}),
    )
    _decide(store.gm, "returned", "目标太宽，期限太长。")
    returned = _read(store.manager, model, action, ["state", "return_reason"])
    expect(returned["state"] == "draft" and returned["return_reason"], f"Corrective action: {number}: {returned}")
    store.manager.write(model, [action], {"target": 5.0, "date_deadline": f"{today + datetime.timedelta(days=14)}"})
    store.manager(model, "action_submit", ids=[action])
    changes = _decide(store.gm, "approved")
    expect(changes, f"Corrective action: the second round of {number} does not say what changed")
    store.advisor(model, "action_start", ids=[action])
    measures = _read(store.advisor, model, action, ["measure_ids"])["measure_ids"]
    store.advisor("aftersales.corrective.measure", "action_done", ids=measures, proof="压力记录表")
    store.advisor(model, "action_done", ids=[action])
    _refused(
        f"Corrective action: {number} was verified by who carried it out",
        lambda: store.advisor(model, "action_verify", ids=[action], effective="yes", conclusion="x", early_reason="x"),
    )
    store.manager(
        model,
        "action_verify",
        ids=[action],
        effective="yes",
        conclusion="再没有同类抱怨。",
        early_reason="本月同类维修很少。",
    )
    store.manager(model, "action_close", ids=[action])
    done = _read(store.manager, model, action, ["state", "round", "baseline", "baseline_n", "effect_after_n"])
    expect(done["state"] == "closed", f"Corrective action: {number} is {done['state']}")
    say(
        f"Corrective action {number}: returned once, changed, signed, carried out, verified, closed; "
        f"before {done['baseline']:.1f} % (n = {done['baseline_n']}), after n = {done['effect_after_n']}"
    )
    return action


def close_complaint(store: Store, complaint: int, action: int) -> None:
    """Make the second callback, then close the complaint."""
    case = [complaint]
    store.crc("aftersales.complaint", "action_record_second_callback", ids=case, satisfied="yes", note="现在很凉快。")
    level = _read(store.gm, "aftersales.complaint", complaint, ["level"])["level"]
    closer = store.manager if level == "general" else store.gm
    closer("aftersales.complaint", "action_close", ids=case)
    done = _read(store.gm, "aftersales.complaint", complaint, ["name", "state", "second_satisfied", "action_ids"])
    expect(done["state"] == "closed" and done["action_ids"] == [action], f"Closing: {done}")
    say(f"Complaint {done['name']}: second callback satisfied, closed with its action")


def write_report(store: Store, root: Json2) -> int:
    """Let the scheduler write the month's report, then submit, analyse and sign it."""
    model = "aftersales.monthly.report"
    cron = [store.shipped["ir_cron_aftersales_monthly_report"]]
    started = time.monotonic()
    root("ir.cron", "method_direct_trigger", ids=cron)
    seconds = time.monotonic() - started
    found = store.gm.search_read(
        model,
        [["month", "=", f"{store.month:%Y-%m-%d}"], ["is_current", "=", True]],
        ["is_reconciled", "check_text", "pdf_en_id", "pdf_zh_id", "xlsx_en_id", "xlsx_zh_id"],
    )
    expect(len(found) == 1, f"Monthly report: the scheduled action left {len(found)} reports of {store.month:%Y-%m}")
    (report,) = found
    expect(report["is_reconciled"], f"Monthly report: the totals do not agree: {report['check_text']}")
    missing = [name for name in ("pdf_en_id", "pdf_zh_id", "xlsx_en_id", "xlsx_zh_id") if not report[name]]
    expect(not missing, f"Monthly report: the scheduled action did not store {missing}")
    root("ir.cron", "method_direct_trigger", ids=cron)
    expect(store.gm(model, "search_count", domain=[]) == 1, "Monthly report: a second run wrote a second report")
    figures = {
        row["measure"]: row
        for row in store.gm.search_read(
            "aftersales.monthly.figure",
            [["report_id", "=", report["id"]], ["dimension", "=", "total"]],
            ["measure", "numerator", "denominator", "value", "value_text"],
        )
    }
    last = calendar.monthrange(store.month.year, store.month.month)[1]
    span = [["date_due", ">=", f"{store.month}"], ["date_due", "<=", f"{store.month.replace(day=last)}"]]
    count = {
        "due": [*span, ["state", "!=", "cancelled"]],
        "made": [*span, ["is_made", "=", True]],
        "successful": [*span, ["is_completed", "=", True]],
    }
    for measure, domain in count.items():
        records = store.gm("aftersales.callback", "search_count", domain=domain)
        shown = figures[measure]["numerator"]
        expect(shown == records, f"Monthly report: {measure} is {shown}, the callbacks say {records}")
    wanted = round(100 * figures["made"]["numerator"] / figures["due"]["numerator"], 1)
    expect(figures["made_rate"]["value"] == wanted, f"Monthly report: made rate {figures['made_rate']}, not {wanted}")
    store.crc(model, "action_submit", ids=[report["id"]])
    store.manager.write(model, [report["id"]], {"quality_analysis": "<p>空调检修的检漏是本月的重点。</p>"})
    store.manager(model, "action_analyse", ids=[report["id"]])
    _decide(store.gm, "approved")
    state = _read(store.gm, model, report["id"], ["state"])["state"]
    expect(state == "signed", f"Monthly report: {state} after the signature")
    shown = ", ".join(
        f"{name.replace('_', ' ')} {figures[name]['value_text']}"
        for name in ("due", "made", "made_rate", "success_rate", "satisfied_rate")
    )
    say(f"Monthly report {store.month:%Y-%m} written by its scheduled action in {seconds:.1f} s: {shown}; signed")
    return report["id"]


# Helpers -------------------------------------------------------------


def _read(client: Json2, model: str, number: int, names: list[str] | tuple[str, ...]) -> dict:
    return client(model, "read", ids=[number], fields=list(names))[0]


def _decide(client: Json2, decision: str, reason: str | None = None) -> str:
    """Decide the one request that waits for this person; returns what changed since the last round."""
    rows = client.search_read("aftersales.approval", [["can_decide", "=", True], ["purpose", "=", "sign"]], ["changes"])
    if not rows:
        raise RpcError(403, {"name": "AccessError", "message": "no request waits for this person"})
    client("aftersales.approval", "decide", ids=[rows[0]["id"]], decision=decision, reason=reason)
    return rows[0]["changes"]


def _refused(text: str, call: Callable[[], object]) -> None:
    """Run a call that the server must refuse."""
    try:
        call()
    except RpcError as error:
        if error.status in (403, 422):
            return
        raise
    raise ChainBroken(text)
