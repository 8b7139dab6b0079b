# A month of callbacks planned and written, against the same records made one by one through the ORM, against the raw
# `INSERT … SELECT` of the same rows, and against itself at ten times the size. Run by `python3 -m harness bench plan` in
# Odoo's shell (`env`, `SIZE`). The figure is how many times as fast as one by one. Seconds are those that this process and
# its database process have computed, where both can be asked, so that a busy machine changes no verdict; else wall time.
import json
import os
import time
from datetime import date, timedelta

size = SIZE or 20_000  # noqa: F821
env = env(user=1, context={"tracking_disable": True})  # noqa: F821
AGENTS = 20
# A month that lies wholly ahead, so that the figure does not depend on the day on which it is taken
MONTH = (date.today().replace(day=1) + timedelta(days=62)).replace(day=1)
ONE_BY_ONE = min(size, 1_000)  # made one by one; the rest would only repeat them
BAR, RAW_BAR, LARGE_BAR = 10, 5, 1.2
# Wishes, consents and persons as they come: most customers have none, some are out
ORDERS = """
    INSERT INTO aftersales_repair_order
           (name, company_id, vehicle_id, partner_id, advisor_id, advisor_name, kind, state, date_in, date_out, callback_consent,
            callback_time, create_uid, write_uid, create_date, write_date)
    SELECT 'BENCH' || vehicle.id, %(company)s, vehicle.id, vehicle.partner_id,
           (%(advisors)s::int[])[1 + number %% 7], 'Advisor', 'repair', 'delivered', %(start)s, %(start)s::timestamp + number %% %(days)s * INTERVAL '1 day',
           (ARRAY['yes','yes','yes','yes','yes','yes','yes','yes','yes','no'])[1 + number %% 10],
           (ARRAY['any','any','any','any','morning','afternoon'])[1 + number %% 6], 1, 1, NOW(), NOW()
      FROM (SELECT id, partner_id, ROW_NUMBER() OVER (ORDER BY id) AS number
              FROM aftersales_vehicle WHERE company_id = %(company)s) AS vehicle
"""


def make_store(name, count):
    """A store with `count` delivered orders of as many customers, and a plan of the month for its agents."""
    company = env["res.company"].create({"name": name})
    company.resource_calendar_id = env["resource.calendar"].create({"name": name, "company_id": company.id})
    group = env.ref("aftersales_crm.group_aftersales_crc").id
    users = env["res.users"].create(
        [
            {
                "name": f"{name} {number}",
                "login": f"{name}-{number}".lower(),
                "company_id": company.id,
                "company_ids": [(6, 0, company.ids)],
                "group_ids": [(6, 0, [group])],
            }
            for number in range(AGENTS + 7)
        ]
    )
    agents, advisors = users[:AGENTS], users[AGENTS:]
    # Three advisors are agents too, so that persons stand in the way of some calls
    advisors = (agents[:3] + advisors)[:7]
    env.flush_all()
    cr = env.cr
    cr.execute(
        """INSERT INTO res_partner (name, complete_name, phone, company_id, active, type, create_uid, write_uid, create_date, write_date)
           SELECT 'Customer ' || n, 'Customer ' || n, '139' || LPAD(n::text, 8, '0'), %s, TRUE, 'contact', 1, 1, NOW(), NOW()
             FROM GENERATE_SERIES(1, %s) AS n""",
        [company.id, count],
    )
    cr.execute(
        """INSERT INTO aftersales_vehicle (company_id, partner_id, active, state, create_uid, write_uid, create_date, write_date)
           SELECT company_id, id, TRUE, 'draft', 1, 1, NOW(), NOW()
             FROM res_partner WHERE company_id = %s AND name LIKE 'Customer %%'""",
        [company.id],
    )
    first = MONTH - timedelta(days=2)
    cr.execute(
        ORDERS,
        {"company": company.id, "advisors": advisors.ids, "start": f"{first} 02:00:00", "days": 28},
    )
    for table in ("res_partner", "aftersales_vehicle", "aftersales_repair_order", "aftersales_callback"):
        cr.execute(f"ANALYZE {table}")
    env.invalidate_all()
    plan = (
        env["aftersales.callback.plan"]
        .with_company(company)
        .create({"date_from": MONTH, "company_id": company.id, "agent_ids": [(6, 0, agents.ids)]})
    )
    plan.agent_line_ids.capacity = max(1, count // AGENTS // 10)
    env.flush_all()
    return plan


env.cr.execute("SELECT pg_backend_pid()")
BACKEND = f"/proc/{env.cr.fetchone()[0]}/stat"


def clock():
    """Seconds computed so far, here and in the database."""
    try:
        with open(BACKEND) as stat:
            words = stat.read().rsplit(")", 1)[1].split()
    except OSError:
        return time.perf_counter()
    return time.process_time() + (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def seconds(work):
    """Seconds for `work`, with all that it leaves to be written."""
    env.invalidate_all()
    began = clock()
    work()
    env.flush_all()
    return clock() - began


def callbacks_of(plan):
    env.cr.execute(
        "SELECT repair_order_id, user_id, date_planned, state FROM aftersales_callback WHERE plan_id = %s ORDER BY 1",
        [plan.id],
    )
    return env.cr.fetchall()


def measure(plan):
    """(seconds of the preview, seconds of the confirmation, what was written)."""
    preview = seconds(plan.action_preview)
    confirm = seconds(plan.action_confirm)
    return preview, confirm, callbacks_of(plan)


def raw_seconds(plan):
    """The same rows once more, by two bare statements into the same tables with all their indexes and keys."""
    total, cr = 0, env.cr
    cr.execute("SAVEPOINT raw")
    for table in ("aftersales_callback_candidate", "aftersales_callback"):
        cr.execute(f"CREATE TEMPORARY TABLE bench_{table} AS SELECT * FROM {table} WHERE plan_id = %s", [plan.id])
    for table in ("aftersales_callback_candidate", "aftersales_callback"):
        cr.execute(f"DELETE FROM {table} WHERE plan_id = %s", [plan.id])
    for table in ("aftersales_callback", "aftersales_callback_candidate"):
        began = clock()
        cr.execute(f"INSERT INTO {table} SELECT * FROM bench_{table}")
        total += clock() - began
    cr.execute("ROLLBACK TO SAVEPOINT raw")
    env.invalidate_all()
    return total


def one_by_one_seconds(plan):
    """Seconds for the candidates and callbacks of the plan through `create`, one record each time."""
    Candidate, Callback = env["aftersales.callback.candidate"], env["aftersales.callback"]
    names = [*Candidate._fields.keys() & set(COLUMNS), "plan_id", "company_id"]
    candidates = plan.candidate_ids[:ONE_BY_ONE]
    wanted = candidates.read(names, load=None)
    for row in wanted:
        row.pop("id")
        row["callback_id"] = False
    env.cr.execute("SAVEPOINT one")
    env.cr.execute("DELETE FROM aftersales_callback_candidate WHERE plan_id = %s", [plan.id])
    env.cr.execute("DELETE FROM aftersales_callback WHERE plan_id = %s", [plan.id])
    env.invalidate_all()

    def make():
        for row in wanted:
            Candidate._create_protected([row])
            if row["is_included"]:
                Callback._create_protected(
                    [{name: row[name] for name in names if name in Callback._fields and name not in ("callback_id",)}]
                )
            env.flush_all()

    taken = seconds(make)
    env.cr.execute("ROLLBACK TO SAVEPOINT one")
    env.invalidate_all()
    return taken / len(wanted) * len(plan.candidate_ids)


from odoo.addons.aftersales_crm.models.aftersales_callback_candidate import COLUMNS  # noqa: E402

problems = []
warm = make_store("Warm", 200)
measure(warm)
plan = make_store("Bench", size)
preview, confirm, written = measure(plan)
raw = raw_seconds(plan)
again = seconds(plan.action_replan)
if callbacks_of(plan) != written:
    problems.append("planned again, the plan is another one")
orders = [row[0] for row in written]
if len(set(orders)) != len(orders):
    problems.append("an order has two callbacks")
single = one_by_one_seconds(plan)
large = make_store("Large", size * 10)
large_preview, large_confirm, large_written = measure(large)

raw_share = confirm / raw
growth = (large_confirm / len(large_written)) / (confirm / len(written))
if raw_share > RAW_BAR:
    problems.append(f"{raw_share:.1f} times the raw INSERT … SELECT of the same rows, at most {RAW_BAR}")
if growth > LARGE_BAR:
    problems.append(f"a call costs {growth:.2f} times as much at {size * 10}, at most {LARGE_BAR}")
rows = [
    ["candidates, callbacks, short", f"{len(plan.candidate_ids)}, {len(written)}, {plan.shortage}"],
    ["preview", f"{preview:.2f} s"],
    ["planned and written", f"{confirm:.2f} s, {confirm / len(written) * 1e6:.0f} µs a call"],
    ["planned again, the same set", f"{again:.2f} s"],
    ["the same records one by one", f"{single:.1f} s (from {ONE_BY_ONE})"],
    ["raw INSERT … SELECT of the rows", f"{raw:.2f} s: {raw_share:.1f} times (bar {RAW_BAR})"],
    [
        f"at {size * 10}",
        f"{large_confirm:.2f} s (preview {large_preview:.2f} s), {large_confirm / len(large_written) * 1e6:.0f} µs a call:"
        f" {growth:.2f} times (bar {LARGE_BAR})",
    ],
]
print(
    "BENCH-RESULT " + json.dumps({"rows": rows, "figure": round(single / confirm, 1), "bar": BAR, "problems": problems})
)
