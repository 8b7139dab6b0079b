"""Complaints from the intake to the second callback, and corrective actions to their effect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .stage import Stage
from .store import Store

OVER = ("closed", "rejected", "withdrawn", "merged")
SOURCES = ("phone", "counter", "email", "web", "platform")


def take_in(stage: Stage, store: Store, order_id: int) -> None:
    """Somebody complains another way than by callback."""
    dice = stage.dice
    crc = dice.choice(store.people["crc"])
    env = stage.env(crc)
    order = env["aftersales.repair.order"].browse(order_id)
    kinds = env["aftersales.complaint.kind"].search([("child_ids", "=", False)])
    case = env["aftersales.complaint"].create(
        {
            "source": dice.choice(SOURCES),
            "kind_id": dice.choice(kinds).id,
            "problem_category_id": dice.choice(env["aftersales.problem.category"].search([])).id,
            "description": "The car was not ready when it was promised.",
            "repair_order_id": order.id,
            "vehicle_id": order.vehicle_id.id,
            "partner_id": order.partner_id.id,
            "date_event": order.date_out or stage.now,
            "company_id": store.company.id,
        }
    )
    begin(stage, store, case.with_env(stage.root))


def begin(stage: Stage, store: Store, case: Any) -> None:
    """Plan the first step of a case; some people are slow, and clocks run out."""
    slow = stage.dice.choice((1, 1, 1, 8))
    story = {"slow": slow, "end": stage.dice.random(), "again": stage.dice.random() < 0.25, "steps": 0}
    plan_next(stage, store, case, story)


def plan_next(stage: Stage, store: Store, case: Any, story: dict[str, Any]) -> None:
    """Plan the next step of a case."""
    story["steps"] += 1
    if case.state not in OVER and story["steps"] < 16:
        moment = store.next_working(stage.now, stage.dice.uniform(1, 9) * story["slow"])
        stage.at(moment, "steps of cases", step, stage, store, case, story)


def step(stage: Stage, store: Store, case: Any, story: dict[str, Any]) -> None:
    """Take the step that the case's state asks for."""
    if case.state in OVER:
        return
    manager, gm, crc = store.first("manager"), store.first("gm"), store.first("crc")
    state = case.state
    worker = case.handler_id or manager
    if state == "received":
        stage.as_user(case.owner_id or crc, case).action_confirm()
    elif state == "confirmed":
        mine = stage.as_user(manager, case)
        if not case.kind_id:
            mine.kind_id = mine.env["aftersales.complaint.kind"].search([("child_ids", "=", False)], limit=1)
        if story["end"] < 0.06:
            mine.action_withdraw("The customer takes it back")
        else:
            mine.action_classify()
            mine.action_reply("We are looking into it and call tomorrow.")
    elif state == "classified":
        if story["end"] > 0.94:
            mine = stage.as_user(gm if case.level != "general" else worker, case)
            answer_bodies(mine)
            mine.action_reject("It is as the maker built it", "Told about the consumer hotline")
        else:
            investigate(stage, store, case, worker)
    elif state == "investigated":
        mine = stage.as_user(worker, case)
        if story["end"] > 0.85 and not story.get("paused"):
            story["paused"] = True
            mine.action_pause("parts", "The part is on its way")
            stage.at(store.next_working(stage.now, 30), "steps of cases", resume, stage, store, case, story)
            return
        mine.write({"solution": "We repair it again, free of charge.", "cost_labour": 120})
        mine.action_propose_solution()
    elif state == "solution":
        stage.as_user(worker, case).action_carry_out()
    elif state == "carried_out":
        caller = next((agent for agent in store.people["crc"] if agent != worker), crc)
        happy = story["end"] > 0.2 or story.get("unhappy")
        story["unhappy"] = True
        stage.as_user(caller, case).action_record_second_callback("yes" if happy else "no", "As told on the phone")
    elif state == "second_callback":
        close(stage, store, case, worker)
    if case.state == "closed" and story["again"]:
        story["again"] = False
        stage.at(store.next_working(stage.now, 24 * 9), "cases reopened", reopen, stage, store, case, story)
        return
    plan_next(stage, store, case, story)


def investigate(stage: Stage, store: Store, case: Any, worker: Any) -> None:
    """Write down facts, both sides, the cause and who is responsible."""
    mine = stage.as_user(worker, case)
    values = {
        "facts": "Promised for four, ready at six.",
        "statement_customer": "Nobody called me.",
        "statement_staff": "The wash was full.",
        "cause_id": mine.env["aftersales.cause"].search([("code", "=", "schedule")], limit=1).id,
        "department": "Front desk",
        "responsible_main_id": store.people["user"][0].id,
        "root_cause": "Deliveries are promised without looking at the schedule.",
    }
    if case.is_safety:
        values.update(stop_driving="advised", maker_report="reported", maker_report_reference="TR-1")
    mine.write(values)
    mine.action_investigate()


def close(stage: Stage, store: Store, case: Any, worker: Any) -> None:
    """Close a case, or take the solution back when the customer is not satisfied."""
    if case.second_satisfied == "no":
        stage.as_user(worker, case).action_rework("The customer is not satisfied")
        return
    closer = store.first("manager") if case.level == "general" else store.first("gm")
    mine = stage.as_user(closer, case)
    values: dict[str, Any] = {}
    if case.level != "general" and not case.action_ids:
        values["no_action_reason"] = "A measure with the same content is being carried out."
    if case.is_safety or case.is_external:
        values["safety_statement"] = "Checked and driven twenty kilometres: safe."
    answer_bodies(mine)
    if values:
        mine.write(values)
    mine.action_close()


def answer_bodies(case: Any) -> None:
    """Answer hotline, maker or platform with what each demands, and settle the matter there."""
    for external in case.external_ids:
        if external.state == "open":
            for item in external.item_ids:
                item.value = "In the letter"
            external.action_answer("Answered in writing.")
        if external.state == "answered":
            external.action_settle("They agree.")


def resume(stage: Stage, store: Store, case: Any, story: dict[str, Any]) -> None:
    """The part has come."""
    if case.state not in OVER:
        stage.as_user(case.handler_id or store.first("manager"), case).action_resume()
        plan_next(stage, store, case, story)


def reopen(stage: Stage, store: Store, case: Any, story: dict[str, Any]) -> None:
    """The customer calls again: it is not settled."""
    stage.as_user(store.first("crc"), case).action_reopen("The fault is back")
    story["steps"] = 4
    plan_next(stage, store, case, story)


def ladder(stage: Stage) -> None:
    """What the scheduled action does every few minutes: breaches are recorded."""
    due = stage.root["aftersales.clock"].search([("state", "=", "running"), ("date_next_check", "<=", stage.now)])
    if due:
        due._process_due()


# Corrective actions ------------------------------------------------------


def propose(stage: Stage, store: Store) -> None:
    """The service manager proposes a corrective action against the problem of the day."""
    dice = stage.dice
    manager, advisor = store.first("manager"), store.first("advisor")
    env = stage.env(manager)
    deadline = store.local(stage.now).date() + timedelta(days=dice.choice((6, 12)))
    action = env["aftersales.corrective.action"].create(
        {
            "name": "Deliveries by schedule",
            "kind": "corrective",
            "company_id": store.company.id,
            "problem_category_id": env["aftersales.problem.category"].search([], limit=1).id,
            "cause_id": env["aftersales.cause"].search([("code", "=", "schedule")], limit=1).id,
            "problem": "Cars are not ready when promised.",
            "containment": "Call ahead of every delay.",
            "root_cause": "Nobody looks at the schedule.",
            "responsible_id": advisor.id,
            "supervisor_id": manager.id,
            "date_deadline": deadline,
            "indicator": "problem_rate",
            "target": 5.0,
            "window_days": 10,
            "why_ids": [
                (
                    0,
                    0,
                    {"outline": ".".join(["1"] * depth), "name": "Why?", "answer": "Because.", "is_root": depth == 3},
                )
                for depth in range(1, 4)
            ],
            "measure_ids": [
                (
                    0,
                    0,
                    {"kind": kind, "name": f"Board ({kind})", "responsible_id": advisor.id, "date_deadline": deadline},
                )
                for kind in ("corrective", "preventive")
            ],
        }
    )
    action.action_submit()
    follow(stage, store, action, "signed", 6)


def follow(stage: Stage, store: Store, action: Any, what: str, hours: float) -> None:
    """Plan the next step of an action."""
    stage.at(store.next_working(stage.now, hours), f"actions {what}", advance, stage, store, action, what)


def advance(stage: Stage, store: Store, action: Any, what: str) -> None:
    """Take one step of an action and plan the next."""
    manager, gm, dice = store.first("manager"), store.first("gm"), stage.dice
    mine = stage.as_user(action.responsible_id, action)
    if what == "signed":
        stage.as_user(gm, action).action_approval_approve()
        follow(stage, store, action, "started", 5)
    elif what == "started":
        mine.action_start()
        # One in three is late with its measures.
        follow(stage, store, action, "done", 24 * dice.choice((4, 5, 18)))
    elif what == "done":
        for measure in mine.measure_ids:
            measure.action_done("Photographs")
        mine.action_done()
        follow(stage, store, action, "verified", 24 * 12)
    elif what == "verified":
        effective = "yes" if dice.random() < 0.7 else "no"
        stage.as_user(manager, action).action_verify(effective, "As the figures say", "Measured early")
        if effective == "yes":
            follow(stage, store, action, "closed", 5)
    elif what == "closed":
        stage.as_user(manager, action).action_close()
