"""Raw rows of one month of many stores, by SQL: what a benchmark of the reports needs, faster than any person works.

For Odoo's shell.  Companies and people are made by Odoo, everything of which there are many by one statement a table and
fifty stores, so that memory stays flat.  Some of everything goes wrong, so that few figures are zero.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

STORES_AT_ONCE = 50

VEHICLES = """
    INSERT INTO aftersales_vehicle (company_id, state, active, model_id, brand_id, partner_id, license_plate, create_date,
           write_date)
    SELECT c, 'draft', TRUE, m.id, m.brand_id, %(partner)s, 'B' || c || '-' || n, NOW(), NOW()
      FROM unnest(%(stores)s) c, generate_series(1, %(callbacks)s) n
      JOIN fleet_vehicle_model m ON m.id = (%(models)s)[1 + n %% 5]"""
ORDERS = """
    INSERT INTO aftersales_repair_order (company_id, vehicle_id, partner_id, name, kind, state, callback_consent,
           callback_time, advisor_id, date_in, date_out, create_date, write_date)
    SELECT v.company_id, v.id, v.partner_id, 'B' || v.id, (ARRAY['maintenance', 'repair', 'warranty'])[1 + v.id %% 3],
           'delivered', 'yes', 'any', (%(advisors)s)[1 + v.id %% 5],
           %(month)s::date - 3 + (v.id %% %(days)s) * INTERVAL '1 day' + INTERVAL '2 hours',
           %(month)s::date - 3 + (v.id %% %(days)s) * INTERVAL '1 day' + INTERVAL '6 hours', NOW(), NOW()
      FROM aftersales_vehicle v WHERE v.company_id = ANY(%(stores)s)"""
CALLBACKS = """
    INSERT INTO aftersales_callback (company_id, repair_order_id, vehicle_id, partner_id, advisor_id, user_id, kind,
           time_preference, state, date_due, date_expiry, date_planned, is_made, is_completed, satisfaction, outcome_id,
           questionnaire_id, date_done, date_last_attempt, create_date, write_date)
    SELECT o.company_id, o.id, o.vehicle_id, o.partner_id, o.advisor_id, (%(agents)s)[1 + o.id %% 7], 'repair', 'any', s.state,
           o.date_out::date + 3, o.date_out::date + 15, o.date_out::date + 3, s.state IN ('done', 'refused'), s.state = 'done',
           CASE WHEN s.state = 'done' THEN (ARRAY['5', '4', '5', '3', '4', '2'])[1 + o.id %% 6] END,
           CASE s.state WHEN 'done' THEN %(complete)s WHEN 'refused' THEN %(refuse)s END, %(questionnaire)s,
           CASE WHEN s.state = 'done' THEN o.date_out + INTERVAL '3 days' END,
           CASE WHEN s.state IN ('done', 'refused') THEN o.date_out + INTERVAL '3 days' END, NOW(), NOW()
      FROM aftersales_repair_order o,
   LATERAL (SELECT CASE WHEN o.id %% 37 = 0 THEN 'refused' WHEN o.id %% 29 = 0 THEN 'missed' ELSE 'done' END AS state) s
     WHERE o.company_id = ANY(%(stores)s)"""
ATTEMPTS = """
    INSERT INTO aftersales_callback_attempt (callback_id, company_id, user_id, outcome_id, outcome_class, is_reached,
           channel, duration, date_attempt, create_date, write_date)
    SELECT c.id, c.company_id, c.user_id, CASE WHEN n = 1 THEN c.outcome_id ELSE %(retry)s END,
           CASE WHEN n = 1 THEN 'reached' ELSE 'not_reached' END, n = 1, 'phone', 60,
           c.date_last_attempt - (n - 1) * INTERVAL '3 hours', NOW(), NOW()
      FROM aftersales_callback c, generate_series(1, 2) n
     WHERE c.company_id = ANY(%(stores)s) AND c.is_made AND (n = 1 OR c.id %% 4 = 0)"""
ANSWERS = """
    INSERT INTO aftersales_callback_answer (callback_id, company_id, question_id, is_answered, value_yes_no, is_good,
           is_problem, problem_category_id, create_date, write_date)
    SELECT c.id, c.company_id, q.id, TRUE, CASE WHEN p.bad THEN q.problem_answer ELSE q.good END, NOT p.bad, p.bad,
           CASE WHEN p.bad THEN q.problem_category_id END, NOW(), NOW()
      FROM aftersales_callback c,
           (SELECT id, problem_answer, problem_category_id, CASE problem_answer WHEN 'no' THEN 'yes' ELSE 'no' END AS good,
                   ROW_NUMBER() OVER (ORDER BY id) AS place
              FROM aftersales_question WHERE id = ANY(%(questions)s)) q,
   LATERAL (SELECT (c.id + q.place) %% 23 = 0 AS bad) p
     WHERE c.company_id = ANY(%(stores)s) AND c.is_completed"""
SATISFACTION = """
    INSERT INTO aftersales_callback_answer (callback_id, company_id, question_id, is_answered, value_score, is_good,
           is_problem, problem_category_id, create_date, write_date)
    SELECT c.id, c.company_id, q.id, TRUE, s.score, s.score >= q.good_threshold, s.score < q.problem_threshold,
           CASE WHEN s.score < q.problem_threshold THEN q.problem_category_id END, NOW(), NOW()
      FROM aftersales_callback c, aftersales_question q, LATERAL (SELECT c.satisfaction::int AS score) s
     WHERE c.company_id = ANY(%(stores)s) AND c.is_completed AND q.id = %(satisfaction)s"""
COMPLAINTS = """
    INSERT INTO aftersales_complaint (company_id, owner_id, partner_id, callback_id, repair_order_id, vehicle_id, level, name,
           nature, source, state, description, problem_category_id, kind_id, date_received, create_date, write_date)
    SELECT c.company_id, c.user_id, c.partner_id, c.id, c.repair_order_id, c.vehicle_id,
           (ARRAY['general', 'important', 'urgent'])[1 + c.id %% 3], 'B' || c.id,
           CASE WHEN c.id %% 2 = 0 THEN 'complaint' ELSE 'grievance' END, 'callback', 'received', 'Waited too long',
           (SELECT MIN(id) FROM aftersales_problem_category), (SELECT MIN(id) FROM aftersales_complaint_kind),
           c.date_last_attempt, NOW(), NOW()
      FROM aftersales_callback c WHERE c.company_id = ANY(%(stores)s) AND c.is_completed AND c.id %% 40 = 0"""
STATEMENTS = (VEHICLES, ORDERS, CALLBACKS, ATTEMPTS, ANSWERS, SATISFACTION, COMPLAINTS)


def fill(env: Any, stores: int, callbacks: int, month: date, answers: int = 8, prefix: str = "Bench") -> Any:
    """Make the stores and their month; commits as it goes.

    :param callbacks: a store, each with an order and a car of its own
    :param answers: a completed callback
    :return: the companies
    """
    companies = env["res.company"].browse()
    while len(companies) < stores:
        count = min(STORES_AT_ONCE, stores - len(companies))
        batch = env["res.company"].create([{"name": f"{prefix} {len(companies) + n + 1}"} for n in range(count)])
        batch.resource_calendar_id.tz = "Asia/Shanghai"
        companies += batch
    people = staff(env, companies, prefix)
    parameters = catalogue(env, answers, prefix) | people
    parameters |= {"month": month, "days": ((month + timedelta(days=32)).replace(day=1) - month).days}
    parameters["callbacks"] = callbacks
    env.flush_all()
    for start in range(0, stores, STORES_AT_ONCE):
        parameters["stores"] = companies[start : start + STORES_AT_ONCE].ids
        for statement in STATEMENTS:
            env.cr.execute(statement, parameters)
        env.cr.commit()
    # Statistics as autovacuum would have them by the night.
    for table in ("vehicle", "repair_order", "callback", "callback_attempt", "callback_answer", "complaint"):
        env.cr.execute(f"ANALYZE aftersales_{table}")
    env.cr.commit()
    env.invalidate_all()
    return companies


def staff(env: Any, companies: Any, prefix: str) -> dict[str, Any]:
    """Make a consultant, a manager and a general manager for all stores, and agents and advisors as rows alone."""
    users = env["res.users"].with_context(no_reset_password=True)
    roles = {"crc": 7, "advisor": 5, "manager": 1, "gm": 1}
    made: dict[str, list[int]] = {}
    for role, count in roles.items():
        group = env.ref(f"aftersales_crm.group_aftersales_{role}")
        made[role] = users.create(
            [
                {
                    "name": f"{prefix} {role} {n}",
                    "login": f"{prefix.lower()}.{role}{n}",
                    "email": f"{prefix.lower()}.{role}{n}@example.com",
                    "company_id": companies[0].id,
                    "company_ids": [(6, 0, companies.ids)],
                    "group_ids": [(6, 0, group.ids)],
                    "notification_type": "inbox",
                }
                for n in range(count)
            ]
        ).ids
    return {"agents": made["crc"], "advisors": made["advisor"]}


def catalogue(env: Any, answers: int, prefix: str) -> dict[str, Any]:
    """Return the ids of brands, questions and outcomes that the rows point to."""
    brands = env["fleet.vehicle.model.brand"].create([{"name": f"{prefix} brand {n}"} for n in range(5)])
    models = env["fleet.vehicle.model"].create([{"name": brand.name, "brand_id": brand.id} for brand in brands])
    questionnaire = env["aftersales.questionnaire"].search([("kind", "=", "repair"), ("state", "=", "active")], limit=1)
    questions = questionnaire.question_ids.filtered(
        lambda question: question.kind == "yes_no" and question.problem_answer
    )
    if len(questions) < answers - 1:
        raise ValueError(f"The questionnaire has {len(questions)} questions of yes or no, {answers - 1} are wanted.")
    steps = {"complete": "complete", "refuse": "refuse", "retry": "retry"}
    outcome = env["aftersales.callback.outcome"]
    return {
        "models": models.ids,
        "partner": env["res.partner"].create({"name": f"{prefix} customer"}).id,
        "questionnaire": questionnaire.id,
        # The score for the last repair is one of them
        "questions": questions[: answers - 1].ids,
        "satisfaction": questionnaire.question_ids.filtered("is_satisfaction")[:1].id,
        **{name: outcome.search([("next_step", "=", step)], limit=1).id for name, step in steps.items()},
    }
