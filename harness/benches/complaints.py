# Lists, board, morning list and breach check of a store with 200,000 complaints: as many queries as with a tenth of them,
# and a breach check that reads what is due and nothing else. Run by `python3 -m harness bench complaints` in Odoo's shell
# (`env`, `SIZE`).
import json
import time
from datetime import timedelta

from odoo.fields import Datetime

size = SIZE or 200_000  # noqa: F821
env = env(user=1)  # noqa: F821
DUE = 50
PAGE = {"offset": 0, "limit": 80}

company = env["res.company"].create({"name": "Bench Store"})
group = env.ref("aftersales_crm.group_aftersales_manager")
manager = env["res.users"].create(
    {
        "name": "Bench Manager",
        "login": "bench.manager",
        "company_id": company.id,
        "company_ids": [(6, 0, company.ids)],
        "group_ids": [(6, 0, group.ids)],
        "tz": "Asia/Shanghai",
    }
)
partners = env["res.partner"].create([{"name": f"Customer {number}"} for number in range(200)])
kind = env.ref("aftersales_crm.complaint_kind_delay")
policy = env.ref("aftersales_crm.policy_complaint_solve_general")
env.flush_all()

# One case in ten is open, the others are history: what a store has after some years
STATES = "ARRAY['received','confirmed','classified','investigated','solution','carried_out','second_callback']"


def fill(first, last):
    """Rows of complaints with a clock each, written by the database itself."""
    env.cr.execute(
        f"""
        INSERT INTO aftersales_complaint (name, nature, source, kind_id, description, company_id, partner_id, state,
               level, level_proposed, owner_id, handler_id, date_received, date_event, next_deadline, clock_breached,
               reopen_count, rework_count, create_uid, create_date, write_uid, write_date)
        SELECT 'BENCH/2026/' || n, 'complaint', 'phone', %(kind)s, 'Words ' || n, %(company)s,
               (%(partners)s::int[])[1 + n %% 200],
               CASE WHEN n %% 10 = 0 THEN ({STATES})[1 + (n / 10) %% 7] ELSE 'closed' END,
               (ARRAY['general','general','important','urgent'])[1 + n %% 4], 'general', %(manager)s, %(manager)s,
               %(now)s - n * interval '1 minute', %(now)s - n * interval '1 minute',
               CASE WHEN n %% 10 = 0 THEN %(now)s + interval '1 day' + n * interval '1 second' END,
               n %% 7 = 0, 0, 0, 1, %(now)s, 1, %(now)s
          FROM generate_series(%(first)s, %(last)s) n
        """,
        {
            "kind": kind.id,
            "company": company.id,
            "partners": partners.ids,
            "manager": manager.id,
            "now": Datetime.now(),
            "first": first,
            "last": last,
        },
    )
    env.cr.execute(
        """
        INSERT INTO aftersales_clock (code, res_model, res_id, company_id, policy_id, level, state, result, date_start,
               date_deadline, date_next_check, is_breached, create_uid, create_date)
        SELECT 'solve', 'aftersales.complaint', c.id, c.company_id, %(policy)s, c.level,
               CASE WHEN c.state = 'closed' THEN 'stopped' ELSE 'running' END,
               CASE WHEN c.state = 'closed' THEN 'met' ELSE 'running' END, c.date_received, c.next_deadline,
               CASE WHEN c.state = 'closed' THEN NULL ELSE c.next_deadline END, FALSE, 1, c.create_date
          FROM aftersales_complaint c
         WHERE c.company_id = %(company)s
           AND NOT EXISTS (SELECT 1 FROM aftersales_clock k WHERE k.res_model = 'aftersales.complaint' AND k.res_id = c.id)
        """,
        {"policy": policy.id, "company": company.id},
    )
    env.cr.execute(
        """
        INSERT INTO aftersales_clock_event (clock_id, kind, date_event, date_entry, amount, unit, time_kind, user_id)
        SELECT k.id, 'start', k.date_start, k.date_start, 8760, 'hour', 'calendar', 1
          FROM aftersales_clock k LEFT JOIN aftersales_clock_event e ON e.clock_id = k.id
         WHERE k.company_id = %(company)s AND e.id IS NULL
        """,
        {"company": company.id},
    )
    env.cr.execute("ANALYZE aftersales_complaint; ANALYZE aftersales_clock; ANALYZE aftersales_clock_event")
    env.invalidate_all()


desk = env(user=manager.id, context={"allowed_company_ids": company.ids, "tz": "Asia/Shanghai"})
Complaint = desk["aftersales.complaint"]
FIELDS = {
    name: {}
    for name in (
        *("name", "date_received", "level", "state", "next_step", "next_who", "next_deadline", "time_left"),
        *("clock_light", "waiting_for", "is_safety"),
    )
} | {
    name: {"fields": {"display_name": {}}} for name in ("partner_id", "vehicle_id", "kind_id", "owner_id", "handler_id")
}
MORNING = FIELDS | {"morning_why": {}}
OPEN = [("state", "not in", ("closed", "rejected", "withdrawn", "merged"))]
SCREENS = {
    "list": lambda: Complaint.web_search_read(OPEN, FIELDS, **PAGE),
    "list of all": lambda: Complaint.web_search_read([], FIELDS, **PAGE),
    "board": lambda: Complaint.web_read_group(
        OPEN, ["state"], ["__count"], auto_unfold=True, unfold_read_specification=FIELDS, unfold_read_default_limit=40
    ),
    "my team": lambda: Complaint.web_search_read([("is_my_team", "=", True), *OPEN], FIELDS, **PAGE),
    "my decisions": lambda: Complaint.web_search_read([("is_my_decision", "=", True)], FIELDS, **PAGE),
    "morning list": lambda: Complaint.web_search_read(
        [("is_morning", "=", True)], MORNING, order="next_deadline, id", **PAGE
    ),
}


def measured(call):
    """(queries, seconds) from a cold cache."""
    desk.flush_all()
    desk.invalidate_all()
    queries, began = env.cr.sql_log_count, time.perf_counter()
    call()
    return env.cr.sql_log_count - queries, time.perf_counter() - began


def touched():
    """Rows of clocks that the breach check's own search reads, by the database's own count."""
    query = env["aftersales.clock"]._search(
        [("state", "=", "running"), ("date_next_check", "<=", Datetime.now())], order="date_deadline, id"
    )
    env.cr.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + env.cr.mogrify(query.select()).decode())
    nodes, rows = [env.cr.fetchone()[0][0]["Plan"]], 0
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if "Scan" in node["Node Type"] and node.get("Relation Name") == "aftersales_clock":
            rows += (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return int(rows)


fill(1, size // 10)
for call in SCREENS.values():  # warm the registry's caches
    call()
few = {name: measured(call) for name, call in SCREENS.items()}
fill(size // 10 + 1, size)
many = {name: measured(call) for name, call in SCREENS.items()}
idle = touched()
env.cr.execute(
    """
    UPDATE aftersales_clock SET date_next_check = %s WHERE id IN (
        SELECT id FROM aftersales_clock WHERE state = 'running' AND company_id = %s ORDER BY id LIMIT %s)
    """,
    (Datetime.now() - timedelta(minutes=1), company.id, DUE),
)
due_rows = touched()
env.invalidate_all()
due = env["aftersales.clock"].search([("state", "=", "running"), ("date_next_check", "<=", Datetime.now())])
check_queries, check_seconds = measured(due._process_due)

problems = []
for name, (queries, _seconds) in many.items():
    if queries > few[name][0]:
        problems.append(f"{name}: {few[name][0]} queries became {queries}")
if idle or due_rows != DUE:
    problems.append(f"the breach check reads {idle} clocks when none is due, and {due_rows} for {DUE}")
if len(due) != DUE:
    problems.append(f"{len(due)} clocks are due, not {DUE}")
rows = [["complaints", f"{size}, {Complaint.search_count(OPEN)} open"]]
rows += [
    [name, f"{queries} queries ({few[name][0]} for a tenth), {seconds * 1000:.0f} ms"]
    for name, (queries, seconds) in many.items()
]
rows += [
    ["breach check, nothing due", f"{idle} clocks read"],
    [f"breach check, {DUE} due", f"{due_rows} clocks read, {check_queries} queries, {check_seconds:.2f} s"],
]
slowest = max(seconds for _queries, seconds in many.values())
# Screens a second: the slowest one is there within two seconds
result = {"rows": rows, "figure": round(1 / slowest, 2), "bar": 0.5, "problems": problems}
print("BENCH-RESULT " + json.dumps(result))
