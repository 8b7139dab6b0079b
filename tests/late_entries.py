"""For Odoo's shell on the demo store: life goes on after the reports were written, then their months are revised.

Everything is done by a person of the store through the product's own methods, and committed step by step.  It prints how
often each thing was done, so that the test sees that it did happen.
"""

# ruff: noqa: F821
from collections import Counter
from datetime import date, timedelta

from odoo.exceptions import UserError

DONE = Counter()
Report = env["aftersales.monthly.report"]
REPORTS = Report.search([("is_current", "=", True)], order="id")
MAIN, SECOND = REPORTS.company_id.sorted("id")


def as_user(login, records):
    user = env["res.users"].search([("login", "=", login)])
    context = {"lang": user.lang, "tz": user.tz, "allowed_company_ids": user.company_ids.ids}
    return records.with_env(records.env(user=user.id, su=False, context=context))


def do(name, function, *args, **kwargs):
    """Take a step; what a rule refuses is not done."""
    try:
        with env.cr.savepoint():
            function(*args, **kwargs)
            env.flush_all()
        DONE[name] += 1
    except UserError:
        pass


def commit():
    env.flush_all()
    env.cr.commit()


def call(callback, step):
    outcome = env["aftersales.callback.outcome"].search([("next_step", "=", step)], limit=1)
    answers = {}
    if step == "complete":
        values = {"yes_no": "no", "score5": 2, "score10": 4}
        for question in callback._questionnaire_to_use().question_ids:
            value = values.get(question.kind) or question.choice_ids[:1].id
            if value:
                answers[str(question.id)] = value
    as_user("crc", callback).action_save_call(outcome.code, answers, duration=30, channel="phone")


def revise_all():
    for report in REPORTS.search([("is_current", "=", True)]):
        login = "crc" if report.company_id == MAIN else "hz_crc"
        do("revised", as_user(login, report).revise, "Late entries")
    commit()


today = MAIN._aftersales_today()
for store in (MAIN, SECOND):
    do("running month", Report._write_month, store, today.replace(day=1))
commit()

callbacks = env["aftersales.callback"].search(
    [("company_id", "=", MAIN.id), ("state", "=", "planned")], order="date_due"
)
for number, callback in enumerate(callbacks[:16]):
    do("called", call, callback, ("retry", "complete", "refuse", "data_check", "withdraw")[number % 5])
for callback in callbacks[16:]:
    for agent in callback.plan_id.agent_ids - callback.user_id:
        do("moved", as_user("manager", callback).write, {"user_id": agent.id})
for case in env["aftersales.complaint"].search([("company_id", "=", MAIN.id), ("date_closed", "!=", False)])[:10]:
    do("reopened", as_user("manager", case).action_reopen, "The noise is back")
orders = env["aftersales.repair.order"].search(
    [("company_id", "=", MAIN.id), ("state", "=", "delivered")], order="date_out desc"
)
for order in orders[:60:4]:
    earlier = {"date_in": order.date_in - timedelta(days=3), "date_out": order.date_out - timedelta(days=2)}
    do("delivery corrected", as_user("manager", order).write, {**earlier, "kind": "warranty"})
for order in orders[1:60:8]:
    values = {"vehicle_id": order.vehicle_id.id, "comeback_of_id": order.id, "company_id": MAIN.id, "kind": "repair"}
    values.update(date_in=order.date_out + timedelta(days=1), date_out=order.date_out + timedelta(days=2))
    do("came back", as_user("manager", orders.browse()).create, {**values, "name": f"{order.name}-B"})
for order in orders[2:20:5]:
    do("order cancelled", as_user("manager", order).action_cancel, "Entered twice")
MAIN.write({"aftersales_comeback_days": 20, "aftersales_return_days": 45, "aftersales_satisfied_score": 5})
commit()

revise_all()
# Stores of other zones, with summer time in other halves of the year; and a month a year before one of theirs.
MAIN.resource_calendar_id.tz, SECOND.resource_calendar_id.tz = "America/New_York", "Pacific/Auckland"
for month in {report.month for report in REPORTS}:
    do("year before", Report._write_month, MAIN, date(month.year - 1, month.month, 1))
commit()
revise_all()
print("DONE", dict(DONE))
