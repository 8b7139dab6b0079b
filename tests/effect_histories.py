"""For Odoo's shell: random histories of a store, and what each indicator says about a window of them.

Each history is made of raw rows and rolled back. The indicator as the addon measures it is compared with a plain count
over the history as it was drawn, which shares neither SQL nor code with the addon (DOMAIN.md, sections 6 and 7). It
prints how many were compared, how many of them had something to count, and every difference.
"""

# ruff: noqa: F821
import json
from collections import Counter
from contextlib import suppress
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

FIRST, DAYS, FIX = date(2026, 3, 1), 70, 30
SEEN = Counter()
STORE = env["res.company"].create({"name": "Histories"})
STORE.resource_calendar_id.tz = "Asia/Shanghai"
STORE.aftersales_comeback_days = FIX
ZONE = ZoneInfo("Asia/Shanghai")


class Undone(Exception):
    """Takes a history back."""


def people(prefix, group):
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            [
                {
                    "name": f"{prefix} {number}",
                    "login": f"{prefix}{number}",
                    "group_ids": [(4, env.ref(f"aftersales_crm.{group}").id)],
                    "company_id": STORE.id,
                    "company_ids": [(6, 0, STORE.ids)],
                }
                for number in range(2)
            ]
        )
    )


ADVISORS = people("histories_advisor", "group_aftersales_advisor")
env.user.company_ids |= STORE
env = env(context=dict(env.context, allowed_company_ids=STORE.ids, tracking_disable=True, mail_create_nolog=True))
BRANDS = env["fleet.vehicle.model.brand"].create([{"name": "One"}, {"name": "Two"}])
MODELS = env["fleet.vehicle.model"].create([{"name": "M", "brand_id": brand.id} for brand in BRANDS])
OWNER = env["res.partner"].create({"name": "Owner", "company_id": STORE.id})
CARS = env["aftersales.vehicle"].create(
    [
        {"license_plate": f"沪D9000{number}", "model_id": MODELS[number % 2].id, "partner_id": OWNER.id,
         "company_id": STORE.id}
        for number in range(4)
    ]
)  # fmt: skip
CATEGORY = env["aftersales.problem.category"].create({"name": "Top", "code": "h_top"})
CATEGORIES = CATEGORY | env["aftersales.problem.category"].create(
    [{"name": "Below", "code": "h_below", "parent_id": CATEGORY.id}, {"name": "Beside", "code": "h_beside"}]
)
KINDS = env["aftersales.complaint.kind"].search([("parent_id", "=", False)], limit=2)
CAUSES = env["aftersales.cause"].search([("child_ids", "=", False)], limit=2)
QUESTIONS = env["aftersales.question"].search([("kind", "=", "yes_no"), ("problem_answer", "!=", False)], limit=2)
WORK = ("maintenance", "repair")

moments = st.builds(lambda day, minute: (day, minute), st.integers(0, DAYS - 1), st.integers(0, 1439))
orders = st.fixed_dictionaries(
    {
        "out": moments,
        "state": st.sampled_from(["delivered", "delivered", "delivered", "cancelled"]),
        "advisor": st.sampled_from([0, 1, None]),
        "car": st.integers(0, 1),
        "work": st.sampled_from(WORK),
        "back_of": st.one_of(st.none(), st.integers(0, 3), st.integers(0, 3)),
    }
)
calls = st.fixed_dictionaries(
    {
        "order": st.integers(0, 9),
        "due": st.integers(0, DAYS - 1),
        "state": st.sampled_from(["done", "done", "done", "planned", "missed", "cancelled", "cancelled_other"]),
        "score": st.sampled_from([None, 2, 3, 4, 5]),
        "answers": st.lists(st.sampled_from([None, "good", 0, 1, 2]), min_size=2, max_size=2),
    }
)
cases = st.fixed_dictionaries(
    {
        "at": moments,
        "nature": st.sampled_from(["complaint", "complaint", "grievance"]),
        "state": st.sampled_from(["received", "received", "merged"]),
        "order": st.one_of(st.none(), st.integers(0, 9)),
        "kind": st.integers(0, 1),
        "cause": st.sampled_from([0, 1, None]),
        "category": st.sampled_from([0, 1, 2, None]),
        "second": st.one_of(st.none(), st.tuples(moments, st.sampled_from(["yes", "no"]))),
    }
)
histories = st.fixed_dictionaries(
    {
        "orders": st.lists(orders, min_size=3, max_size=10),
        "calls": st.lists(calls, max_size=10, unique_by=lambda call: call["order"]),
        "cases": st.lists(cases, max_size=6),
    }
)
questions = st.fixed_dictionaries(
    {
        "first": st.integers(0, DAYS - 1),
        "length": st.integers(20, 90),
        "scope": st.sampled_from(["store", "store", "advisor", "brand", "order_kind"]),
        "part": st.integers(0, 1),
        "filter": st.sampled_from([None, 0, 1]),
    }
)


def utc(moment):
    day, minute = moment
    local = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), ZONE) + timedelta(minutes=minute)
    return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


def make(history):
    """Write the history as raw rows."""
    made = []
    for number, order in enumerate(history["orders"]):
        out = utc(order["out"])
        back = back_of(history, number)
        made.append(
            env["aftersales.repair.order"]._create_protected(
                [
                    {
                        "name": f"H-{number}",
                        "company_id": STORE.id,
                        "vehicle_id": CARS[order["car"]].id,
                        "partner_id": OWNER.id,
                        "advisor_id": ADVISORS[order["advisor"]].id if order["advisor"] is not None else False,
                        "kind": order["work"],
                        "date_in": out - timedelta(hours=2),
                        "date_out": out,
                        "is_cancelled": order["state"] == "cancelled",
                        "comeback_of_id": made[back].id if back is not None else False,
                    }
                ]
            )
        )
    env.flush_all()
    # What the orders made by themselves (callbacks that are due) is none of the history.
    env.cr.execute("DELETE FROM aftersales_callback WHERE company_id = %s", [STORE.id])
    env.invalidate_all()
    for call in usable(history):
        cancelled = call["state"].startswith("cancelled")
        done = call["state"] == "done"
        callback = env["aftersales.callback"]._create_protected(
            [
                {
                    "kind": "repair",
                    "company_id": STORE.id,
                    "repair_order_id": made[call["order"]].id,
                    "vehicle_id": made[call["order"]].vehicle_id.id,
                    "partner_id": OWNER.id,
                    "state": "cancelled" if cancelled else call["state"],
                    "cancel_reason": {"cancelled": "consent_withdrawn", "cancelled_other": "other"}.get(call["state"]),
                    "date_due": FIRST + timedelta(days=call["due"]),
                    "is_made": done,
                    "is_completed": done,
                    "satisfaction": str(call["score"]) if done and call["score"] else False,
                }
            ]
        )
        if done:
            env["aftersales.callback.answer"]._create_protected(
                [
                    {
                        "callback_id": callback.id,
                        "question_id": question.id,
                        "is_answered": True,
                        "value_yes_no": "yes" if answer == "good" else "no",
                        "is_good": answer == "good",
                        "is_problem": answer != "good",
                        "problem_category_id": False if answer == "good" else CATEGORIES[answer].id,
                    }
                    for question, answer in zip(QUESTIONS, call["answers"])
                    if answer is not None
                ]
            )
    for number, case in enumerate(history["cases"]):
        order = made[case["order"]] if case["order"] is not None and case["order"] < len(made) else None
        env["aftersales.complaint"]._create_protected(
            [
                {
                    "name": f"H-{number}",
                    "company_id": STORE.id,
                    "nature": case["nature"],
                    "state": case["state"],
                    "description": "History",
                    "partner_id": OWNER.id,
                    "vehicle_id": order.vehicle_id.id if order else CARS[0].id,
                    "repair_order_id": order.id if order else False,
                    "kind_id": KINDS[case["kind"]].id,
                    "cause_id": CAUSES[case["cause"]].id if case["cause"] is not None else False,
                    "problem_category_id": CATEGORIES[case["category"]].id if case["category"] is not None else False,
                    "date_event": utc(case["at"]),
                    "date_received": utc(case["at"]),
                    "second_satisfied": case["second"][1] if case["second"] else False,
                    "date_second_callback": utc(case["second"][0]) if case["second"] else False,
                }
            ]
        )
    env.flush_all()


def back_of(history, number):
    """The earlier order of the same car that the order comes back for, if the drawn one is such."""
    order = history["orders"][number]
    back = order["back_of"]
    if back is None or back >= number:
        return None
    first = history["orders"][back]
    return back if first["car"] == order["car"] and first["out"] < order["out"] else None


def usable(history):
    return [call for call in history["calls"] if call["order"] < len(history["orders"])]


class Recount:
    """What the history says, counted over the history alone."""

    def __init__(self, history, question):
        self.history, self.question = history, question
        self.days = range(question["first"], question["first"] + question["length"])

    def part(self, order, car=None):
        """Whether the order (or, without one, the car) belongs to the part of the store that is asked for."""
        scope, part = self.question["scope"], self.question["part"]
        if scope == "store":
            return True
        if scope == "brand":
            return (order["car"] if order else car) % 2 == part
        if order is None:
            return False
        return order["advisor"] == part if scope == "advisor" else order["work"] == WORK[part]

    def calls(self):
        for call in usable(self.history):
            order = self.history["orders"][call["order"]]
            if call["due"] in self.days and call["state"] != "cancelled" and self.part(order):
                yield call

    def out(self, shift=0):
        for number, order in enumerate(self.history["orders"]):
            if order["state"] == "delivered" and order["out"][0] + shift in self.days and self.part(order):
                yield number, order

    def backs(self, number):
        for index, other in enumerate(self.history["orders"]):
            if back_of(self.history, index) == number and other["state"] != "cancelled":
                yield other

    def cases(self, moment):
        for case in self.history["cases"]:
            at = moment(case)
            known = case["order"] is not None and case["order"] < len(self.history["orders"])
            order = self.history["orders"][case["order"]] if known else None
            if at and at[0] in self.days and self.part(order, 0):
                yield case

    def problem_rate(self):
        completed = [call for call in self.calls() if call["state"] == "done"]
        wanted = {0: (0, 1), 1: (1,)}[self.question["filter"] or 0]
        return sum(any(a in wanted for a in call["answers"] if a is not None) for call in completed), len(completed)

    def question_good(self):
        answers = [c["answers"][self.question["filter"] or 0] for c in self.calls() if c["state"] == "done"]
        answers = [answer for answer in answers if answer is not None]
        return answers.count("good"), len(answers)

    def satisfied_rate(self):
        scores = [call["score"] for call in self.calls() if call["state"] == "done" and call["score"]]
        return sum(score >= 4 for score in scores), len(scores)

    def made_rate(self):
        calls = list(self.calls())
        return sum(call["state"] == "done" for call in calls), len(calls)

    success_rate = made_rate

    def complaints_per_100(self):
        wanted = self.question["filter"]
        complaints = [
            case
            for case in self.cases(lambda case: case["at"])
            if case["state"] != "merged" and case["nature"] == "complaint"
            and (wanted is None or case["kind"] == wanted)
        ]  # fmt: skip
        return len(complaints), len(list(self.out()))

    def second_satisfied(self):
        asked = [case["second"][1] for case in self.cases(lambda case: case["second"] and case["second"][0])]
        return asked.count("yes"), len(asked)

    def comebacks(self):
        delivered = list(self.out())
        return sum(back_of(self.history, number) is not None for number, _order in delivered), len(delivered)

    def first_time_fix(self):
        delivered = list(self.out(FIX))
        fixed = 0
        for number, order in delivered:
            limit = utc(order["out"]) + timedelta(days=FIX)
            fixed += all(utc(other["out"]) - timedelta(hours=2) > limit for other in self.backs(number))
        return fixed, len(delivered)


def ask(question, code):
    """The action that asks the question of the indicator."""
    action = env["aftersales.corrective.action"].new(
        {"company_id": STORE.id, "indicator": code, "indicator_scope": question["scope"]}
    )
    part, wanted = question["part"], question["filter"]
    action.scope_advisor_id, action.scope_brand_id = ADVISORS[part], BRANDS[part]
    action.scope_order_kind = WORK[part]
    if code == "question_good":
        action.indicator_question_id = QUESTIONS[wanted or 0]
    elif code == "problem_rate":
        action.problem_category_id = CATEGORIES[wanted or 0]
    elif wanted is not None:
        action.indicator_kind_id = KINDS[wanted]
    return action


CODES = [
    name for name in vars(Recount) if name in dict(env["aftersales.corrective.action"]._fields["indicator"].selection)
]


def check(history, question):
    date_from = FIRST + timedelta(days=question["first"])
    date_to = date_from + timedelta(days=question["length"] - 1)
    for code in CODES:
        measured = tuple(ask(question, code)._measure_indicator(date_from, date_to))
        expected = getattr(Recount(history, question), code)()
        SEEN["compared"] += 1
        SEEN[f"counted {code}"] += bool(expected[0] and expected[1])
        assert measured == expected, (code, question, measured, expected)


@seed(20261122)
@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(histories, st.lists(questions, min_size=4, max_size=4))
def compare(history, asked):
    with suppress(Undone), env.cr.savepoint():
        make(history)
        SEEN["histories"] += 1
        for question in asked:
            check(history, question)
        raise Undone


compare()
print("HISTORIES", json.dumps(dict(SEEN, codes=len(CODES))))
env.cr.rollback()
