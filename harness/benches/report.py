# The monthly reports of many stores in one night job, from raw rows made by SQL. Run by `python3 -m harness bench report`
# in Odoo's shell (`env`, `SIZE`: stores, 500 without it). Figure: how often the figures of one store-month fit into the
# time of the best hand-written SQL for the same figures, times two; at least 1 keeps the promise.
import json
import os
import resource
import statistics
import time
from datetime import date

from harness import storemonths

env = env(user=1)  # noqa: F821
STORES = SIZE or 500  # noqa: F821
FEW = max(5, STORES // 10)
CALLBACKS = int(os.environ.get("BENCH_CALLBACKS", "2000"))
ANSWERS = 8
MONTH = date(2026, 9, 1)
Report, Figure = env["aftersales.monthly.report"], env["aftersales.monthly.figure"]
rows, problems = [], []


def memory():
    """Resident memory of this process at its highest, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def hand_written(cursor, company):
    """The same figures by hand: one statement for each kind of row, all groupings at once, straight from the raw rows.

    :return: number of figures with something in them
    """
    window = {"c": company, "a": MONTH, "b": date(2026, 9, 30), "start": "2026-08-31 16:00", "end": "2026-09-30 16:00"}
    sets = "GROUP BY GROUPING SETS ((), (advisor), (agent), (kind), (order_kind), (brand){more})"
    of = (
        "COALESCE(o.advisor_id::text, o.advisor_name) AS advisor, c.user_id AS agent, c.kind, o.kind AS order_kind,"
        " v.brand_id AS brand"
    )
    joins = (
        " LEFT JOIN aftersales_repair_order o ON o.id = c.repair_order_id"
        " LEFT JOIN aftersales_vehicle v ON v.id = c.vehicle_id"
    )
    base = "NOT (c.state = 'cancelled' AND c.cancel_reason IS NOT NULL AND c.cancel_reason <> 'other')"
    statements = [
        f"""SELECT advisor, agent, kind, order_kind, brand, day, outcome, score, COUNT(*) FILTER (WHERE ok),
                   COUNT(*) FILTER (WHERE ok AND made), COUNT(*) FILTER (WHERE ok AND done), COUNT(*) FILTER (WHERE NOT ok),
                   COUNT(*) FILTER (WHERE ok AND state = 'missed'), COUNT(*) FILTER (WHERE ok AND state = 'unreachable'),
                   COUNT(*) FILTER (WHERE ok AND state = 'refused'), SUM(score) FILTER (WHERE ok AND done),
                   COUNT(score) FILTER (WHERE ok AND done), COUNT(*) FILTER (WHERE ok AND done AND score >= 4)
              FROM (SELECT {of}, c.date_due AS day, c.outcome_id AS outcome, c.satisfaction::int AS score, c.state,
                           c.is_made AS made, c.is_completed AS done, {base} AS ok
                      FROM aftersales_callback c{joins} WHERE c.company_id = %(c)s AND c.date_due BETWEEN %(a)s AND %(b)s) r
            {sets.format(more=", (day), (outcome), (score)")}""",
        f"""SELECT advisor, agent, kind, order_kind, brand, day, outcome, COUNT(*), COUNT(*) FILTER (WHERE is_reached)
              FROM (SELECT {of.replace("c.user_id", "a.user_id")}, a.outcome_id AS outcome, a.is_reached,
                           (a.date_attempt AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Shanghai')::date AS day
                      FROM aftersales_callback_attempt a JOIN aftersales_callback c ON c.id = a.callback_id{joins}
                     WHERE a.company_id = %(c)s AND a.date_attempt >= %(start)s AND a.date_attempt < %(end)s) r
            {sets.format(more=", (day), (outcome)")}""",
        f"""SELECT advisor, agent, kind, order_kind, brand, question, problem, COUNT(*) FILTER (WHERE judged),
                   COUNT(*) FILTER (WHERE judged AND is_good), COUNT(*) FILTER (WHERE is_problem)
              FROM (SELECT {of}, COALESCE(NULLIF(q.code, ''), q.id::text) AS question, a.is_good, a.is_problem,
                           CASE WHEN a.is_problem THEN a.problem_category_id END AS problem, q.kind <> 'text' AS judged
                      FROM aftersales_callback_answer a JOIN aftersales_question q ON q.id = a.question_id
                      JOIN aftersales_callback c ON c.id = a.callback_id{joins}
                     WHERE c.company_id = %(c)s AND c.date_due BETWEEN %(a)s AND %(b)s AND {base} AND a.is_answered
                       AND (q.kind <> 'text' OR a.is_problem)) r
            {sets.format(more=", (question), (problem)")}""",
        """SELECT advisor, agent, level, case_kind, brand, COUNT(*), COUNT(*) FILTER (WHERE nature = 'complaint')
             FROM (SELECT o.advisor_id AS advisor, c.user_id AS agent, p.level, p.kind_id AS case_kind, v.brand_id AS brand,
                          p.nature
                     FROM aftersales_complaint p LEFT JOIN aftersales_callback c ON c.id = p.callback_id
                     LEFT JOIN aftersales_repair_order o ON o.id = p.repair_order_id
                     LEFT JOIN aftersales_vehicle v ON v.id = p.vehicle_id
                    WHERE p.company_id = %(c)s AND p.state <> 'merged'
                      AND p.date_received >= %(start)s AND p.date_received < %(end)s) r
            GROUP BY GROUPING SETS ((), (advisor), (agent), (level), (case_kind), (brand))""",
        """SELECT o.advisor_id, o.kind, v.brand_id, COUNT(*), COUNT(o.comeback_of_id)
             FROM aftersales_repair_order o LEFT JOIN aftersales_vehicle v ON v.id = o.vehicle_id
            WHERE o.company_id = %(c)s AND o.state = 'delivered' AND o.date_out >= %(start)s AND o.date_out < %(end)s
            GROUP BY GROUPING SETS ((), (o.advisor_id), (o.kind), (v.brand_id))""",
        """SELECT o.advisor_id, o.kind, v.brand_id, COUNT(*), COUNT(*) FILTER (WHERE NOT EXISTS (
                  SELECT FROM aftersales_repair_order b WHERE b.comeback_of_id = o.id AND b.state <> 'cancelled'
                     AND b.date_in <= o.date_out + INTERVAL '30 days'))
             FROM aftersales_repair_order o LEFT JOIN aftersales_vehicle v ON v.id = o.vehicle_id
            WHERE o.company_id = %(c)s AND o.state = 'delivered'
              AND o.date_out >= %(start)s::timestamp - INTERVAL '30 days' AND o.date_out < %(end)s::timestamp - INTERVAL '30 days'
            GROUP BY GROUPING SETS ((), (o.advisor_id), (o.kind), (v.brand_id))""",
    ]
    found = []
    for text in statements:
        cursor.execute(text, window)
        found.append(cursor.fetchall())
    return found


began = time.monotonic()
companies = storemonths.fill(env, STORES, CALLBACKS, MONTH, ANSWERS)
rows.append(
    [
        "raw rows",
        f"{STORES} stores x {CALLBACKS} callbacks x {ANSWERS} answers, made in {time.monotonic() - began:.0f} s",
    ]
)


def whole(result, keys):
    """The row of the whole store: no group, and the most counted (a group of what is not stated looks alike)."""
    return max((row for row in result if row[:keys] == (None,) * keys), key=lambda row: row[keys])


def compare(company, counted, by_hand):
    """Both must say the same before their times are worth anything."""
    due, attempts, answers, cases = (whole(by_hand[n], keys) for n, keys in enumerate((8, 7, 7, 5)))
    totals = {
        "due": due[8], "made": due[9], "successful": due[10], "missed": due[12], "refused": due[14],
        "satisfaction_mean": due[15], "satisfied_rate": due[17], "attempts": attempts[7], "connect_rate": attempts[8],
        "question_good": answers[8], "problems": answers[9], "complaints": cases[6],
    }  # fmt: skip
    for measure, value in totals.items():
        if counted[measure, "total", ""][0] != value:
            problems.append(f"{measure} of {company.name}: {counted[measure, 'total', ''][0]}, by hand {value}")


# One store-month: the figures of the page, from the raw rows, against the hand-written statements
ours, theirs = [], []
for turn in range(15):
    company = companies[turn % len(companies)]
    live = Report.new(Report._month_values(company, MONTH))
    env.flush_all()
    start = time.monotonic()
    counted = Figure._count(live)
    ours.append(time.monotonic() - start)
    start = time.monotonic()
    by_hand = hand_written(env.cr, company.id)
    theirs.append(time.monotonic() - start)
    compare(company, counted, by_hand)
mine, hand = statistics.median(ours), statistics.median(theirs)
rows.append(
    [
        "figures of a store-month",
        f"{mine * 1000:.0f} ms, hand-written SQL {hand * 1000:.0f} ms: {mine / hand:.2f} times (at most 2)",
    ]
)


def spent():
    """Processor seconds of this process and of its database backend; the time of the day where that runs elsewhere.

    So that a machine that is busy with something else meanwhile does not look like a job that grows.
    """
    try:
        with open(f"/proc/{BACKEND}/stat") as stat:
            ticks = stat.read().rpartition(")")[2].split()
    except OSError:
        return time.monotonic()
    return time.process_time() + (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")


env.cr.execute("SELECT pg_backend_pid()")
BACKEND = env.cr.fetchone()[0]


# The night job: the first stores, then all the others in the same process
def night(some):
    costs = []
    for company in some:
        start = spent()
        Report.with_company(company)._write_month(company, MONTH)
        env.cr.commit()
        env.invalidate_all()
        costs.append(spent() - start)
    return costs


began = time.monotonic()
warm = night(companies[:2])
first = night(companies[2 : 2 + FEW])
small = memory()
rest = night(companies[2 + FEW :])
large = memory()
whole_night = time.monotonic() - began
late = rest[-FEW:]
growth = statistics.mean(late) / statistics.mean(first)
rows += [
    [f"night job, stores 3 to {FEW + 2}", f"{statistics.mean(first):.2f} s of processors a store"],
    [
        f"night job, the last {FEW} of {STORES}",
        f"{statistics.mean(late):.2f} s of processors a store: {growth:.2f} times (at most 1.2)",
    ],
    ["night job, all", f"{whole_night:.0f} s, of it {sum(warm) + sum(first) + sum(rest):.0f} s of processors"],
    ["memory", f"{small:.0f} MB, at the end {large:.0f} MB: {large / small:.2f} times (at most 1.1)"],
]
if growth > 1.2:
    problems.append(f"The cost of a store grows {growth:.2f} times.")
if large > 1.1 * small:
    problems.append(f"Memory grows {large / small:.2f} times.")
env.cr.execute("SELECT COUNT(*), COUNT(DISTINCT company_id), bool_and(is_reconciled) FROM aftersales_monthly_report")
written = env.cr.fetchone()
if written != (STORES, STORES, True):
    problems.append(f"{written} reports, stores and reconciled; {STORES} were due.")
# Outputs: PDF and workbook in every language, of some stores
start = time.monotonic()
sample = Report.search([], limit=2)
for report in sample:
    report._store_outputs()
rows.append(
    [
        "PDF and XLSX of a store",
        f"{(time.monotonic() - start) / len(sample):.1f} s ({len(Report._output_languages())} languages)",
    ]
)
print("BENCH-RESULT " + json.dumps({"rows": rows, "figure": round(2 * hand / mine, 2), "bar": 1, "problems": problems}))
