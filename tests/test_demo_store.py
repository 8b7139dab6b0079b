"""The demonstration store: what an evaluator finds behind the login, and that it was built without a word of complaint."""

from __future__ import annotations

import pytest

from harness import database as databases
from harness import demo
from harness.clients import WebSession
from harness.paths import ADDON, log_dir

LOGINS = ("advisor", "advisor2", "crc", "crc2", "archivist", "manager", "gm", "group", "admin")

# What there is to see: table, and the values of a column that each occur at least so often
EXPECTED = [
    ("aftersales_vehicle", "state", {"draft": 3, "submitted": 2, "verified": 2, "filed": 20}),
    ("aftersales_vehicle", "plate_type", {"ordinary": 20, "new_energy": 10}),
    ("aftersales_change_request", "state", {"draft": 1, "submitted": 1, "applied": 2, "cancelled": 1}),
    ("aftersales_stocktake", "state", {"running": 1}),
    ("aftersales_stocktake_line", "result", {"pending": 20, "correct": 20}),
    ("aftersales_repair_order", "state", {"delivered": 200, "open": 1}),
    ("aftersales_repair_order", "callback_consent", {"yes": 150, "no": 3, "not_asked": 5}),
    ("aftersales_callback_plan", "state", {"confirmed": 6}),
    (
        "aftersales_callback",
        "state",
        {"planned": 5, "done": 100, "unreachable": 1, "refused": 1, "invalid": 1, "missed": 1, "cancelled": 1},
    ),
    ("aftersales_callback", "kind", {"repair": 100, "absent": 5}),
    ("aftersales_complaint", "nature", {"grievance": 5, "complaint": 10}),
    ("aftersales_complaint", "level", {"general": 10, "important": 2, "urgent": 2}),
    (
        "aftersales_complaint",
        "state",
        {"received": 1, "classified": 1, "solution": 1, "closed": 10, "rejected": 1, "merged": 1},
    ),
    ("aftersales_clock", "result", {"met": 50, "breached": 3, "running": 3}),
    (
        "aftersales_corrective_action",
        "state",
        {"draft": 1, "submitted": 1, "signed": 1, "in_progress": 2, "done": 1, "verified": 1, "closed": 1},
    ),
    ("aftersales_monthly_report", "state", {"signed": 2}),
]
QUESTIONS = {
    "a case in the safety lane": "SELECT count(*) FROM aftersales_complaint WHERE is_safety",
    "an external case": "SELECT count(*) FROM aftersales_complaint WHERE is_external",
    "an action that was returned once": """
        SELECT count(*) FROM aftersales_approval
         WHERE res_model = 'aftersales.corrective.action' AND purpose = 'sign' AND state = 'returned'""",
    "an action with a measured effect": """
        SELECT count(*) FROM aftersales_corrective_action
         WHERE state = 'closed' AND effect_before_n > 0 AND effect_after_n > 0""",
    "a document that is missing": "SELECT count(*) FROM aftersales_vehicle_document WHERE is_missing",
    "insurance": "SELECT count(*) FROM aftersales_vehicle_insurance",
    "preferences": "SELECT count(*) FROM aftersales_preference",
    "a comeback": "SELECT count(*) FROM aftersales_repair_order WHERE is_comeback",
    "calls for the consultant today": """
        SELECT count(*) FROM aftersales_callback c JOIN res_users u ON u.id = c.user_id
         WHERE u.login = 'crc' AND c.state = 'planned'
           AND c.date_planned = (now() AT TIME ZONE 'Asia/Shanghai')::date""",
    "a holiday": "SELECT count(*) FROM resource_calendar_leaves WHERE resource_id IS NULL AND company_id IS NOT NULL",
    "a make-up day": "SELECT count(*) FROM aftersales_working_day",
    "callbacks in a second store": """
        SELECT count(*) FROM aftersales_callback c JOIN res_company s ON s.id = c.company_id
         WHERE s.name LIKE '杭州%'""",
}
# Of each: none may be there
MUST_NOT = {
    "a VIN with a wrong check digit": "SELECT count(*) FROM aftersales_vehicle WHERE is_vin_suspect",
    "mail on its way out": "SELECT count(*) FROM mail_mail WHERE state = 'outgoing'",
    "an event of the future": """
        SELECT (SELECT count(*) FROM aftersales_callback_attempt WHERE date_attempt > now() AT TIME ZONE 'UTC')
             + (SELECT count(*) FROM aftersales_repair_order WHERE date_out > now() AT TIME ZONE 'UTC')
             + (SELECT count(*) FROM mail_message WHERE date > now() AT TIME ZONE 'UTC')""",
    "a report whose totals disagree": "SELECT count(*) FROM aftersales_monthly_report WHERE NOT is_reconciled",
    "a demo that failed": "SELECT count(*) FROM ir_demo_failure",
}


@pytest.fixture(scope="module")
def store(odoo_env, make_database):
    """A demo database and a way to ask it."""
    name = make_database(demo=True)
    with databases.connect(odoo_env, name) as cursor:

        def ask(query: str):
            cursor.execute(query)
            return cursor.fetchall()

        yield ask


@pytest.mark.parametrize(("table", "column", "least"), EXPECTED, ids=lambda value: str(value)[:40])
def test_demo_store_kinds(store, table, column, least):
    """Every kind of record that a visitor should meet is there."""
    found = dict(store(f"SELECT {column}, count(*) FROM {table} GROUP BY 1"))
    short = {value: (found.get(value, 0), count) for value, count in least.items() if found.get(value, 0) < count}
    assert not short, f"{table}.{column}: too few (found, expected): {short}"


@pytest.mark.parametrize("what", QUESTIONS)
def test_demo_store_has(store, what):
    """The store has the special case."""
    assert store(QUESTIONS[what])[0][0] >= 1, what


@pytest.mark.parametrize("what", MUST_NOT)
def test_demo_store_has_not(store, what):
    """The store is free of what would embarrass it."""
    assert store(MUST_NOT[what])[0][0] == 0, what


def test_demo_store_months(store):
    """About a hundred repair orders a month in the main store, three months long."""
    months = store(
        """SELECT date_trunc('month', o.date_in), count(*) FROM aftersales_repair_order o
             JOIN res_company s ON s.id = o.company_id
            WHERE s.name LIKE '上海%' AND o.name LIKE 'WX%' GROUP BY 1 ORDER BY 1"""
    )
    full = [count for _month, count in months[-3:-1]]
    assert len(full) == 2 and all(70 <= count <= 140 for count in full), months


def test_demo_store_log(odoo_env, store):
    """The store was built without a refusal, a warning or an error."""
    log = log_dir() / f"install-{databases.template_name(odoo_env, 'addon', demo=True)}_new.log"
    if not log.exists():
        pytest.skip("the template was built elsewhere: its log is not here")
    bad = [
        line
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
        if (" WARNING " in line or " ERROR " in line) and (f"{ADDON}.demo" in line or "demo data" in line)
    ]
    assert not bad, "\n".join(bad[:10])


def test_demo_store_logins(odoo_env, demo_server):
    """Each role logs in with its login as password; the card of the harness shows them."""
    people = {person.login: person for person in demo.logins(odoo_env, demo_server.database)}
    assert set(LOGINS) <= set(people)
    for login in people:
        session = WebSession(demo_server.url, demo_server.database, login, login)
        assert session.get("/web/webclient/load_menus").ok, login
