"""The breach check in real processes: killed at any point, and beside a second worker."""

from __future__ import annotations

import random
import signal
import time

import pytest

from harness import database, odoo_shell

CLOCKS = 60
PREPARE = f"""
from datetime import datetime, timedelta
import random
from freezegun import freeze_time
env = env(user=1)
company = env['res.company'].create({{'name': 'Night Store'}})
company.resource_calendar_id.tz = 'Asia/Shanghai'
env.user.write({{'company_ids': [(4, company.id)], 'company_id': company.id}})
manager = env['res.users'].create({{
    'name': 'Manager', 'login': 'night.manager', 'company_id': company.id, 'company_ids': [(6, 0, company.ids)],
    'group_ids': [(6, 0, env.ref('aftersales_crm.group_aftersales_manager').ids)], 'email': 'm@example.com',
}})
gm = manager.copy({{'name': 'GM', 'login': 'night.gm', 'email': 'gm@example.com',
    'group_ids': [(6, 0, env.ref('aftersales_crm.group_aftersales_gm').ids)]}})
brand = env['fleet.vehicle.model.brand'].create({{'name': 'Night'}})
model = env['fleet.vehicle.model'].create({{'name': 'Night', 'brand_id': brand.id}})
owner = env['res.partner'].create({{'name': 'Owner', 'phone': '13800000000'}})
with freeze_time(datetime.now() - timedelta(days=30)):
    vehicles = env['aftersales.vehicle'].create([
        {{'vin': 'LSVAB41E7E3%06d' % n, 'model_id': model.id, 'partner_id': owner.id, 'company_id': company.id}}
        for n in range({CLOCKS})
    ])
    vehicles.action_submit()
env.cr.commit()
"""
CHECK = "env = env(user=1); print('READY', flush=True); env['aftersales.clock']._cron_check(); env.cr.commit()\n"


@pytest.fixture
def due_database(odoo_env, make_database):
    """A database with clocks that are long over their deadline, unseen by any check."""
    name = make_database()
    odoo_shell.run(odoo_env, name, PREPARE).check_returncode()
    return name


def ledger(env, name):
    """Rows of the ledgers: (clocks, breaches, rungs, notices), and how often the busiest clock has each."""
    with database.connect(env, name) as cursor:
        cursor.execute("SELECT count(*) FROM aftersales_clock")
        clocks = cursor.fetchone()[0]
        cursor.execute(
            "SELECT kind, count(*), count(DISTINCT (clock_id, rule_id)) FROM aftersales_clock_event"
            " WHERE kind IN ('breach', 'escalation') GROUP BY kind"
        )
        rows = {kind: (total, distinct) for kind, total, distinct in cursor.fetchall()}
        cursor.execute(
            "SELECT count(*) FROM mail_message m JOIN mail_notification n ON n.mail_message_id = m.id"
            " WHERE m.model = 'aftersales.vehicle' AND m.body LIKE '%deadline%'"
        )
        notices = cursor.fetchone()[0]
    return clocks, rows, notices


def expect_each_once(env, name):
    clocks, rows, notices = ledger(env, name)
    assert clocks == CLOCKS
    assert rows["breach"] == (CLOCKS, CLOCKS), "each breach is recorded once"
    assert rows["escalation"] == (2 * CLOCKS, 2 * CLOCKS), "each of the two rungs is climbed once"
    # The first rung tells the manager, the second the general manager
    assert notices == 2 * CLOCKS, "and each rung has told its one person once"


def test_check_survives_kills(odoo_env, due_database):
    """Killed at random points and started again, the check loses no rung and climbs none twice."""
    chance = random.Random(3)
    for _attempt in range(6):
        process = odoo_shell.start(odoo_env, due_database, CHECK)
        assert process.stdout.readline().strip() == "READY"
        time.sleep(chance.uniform(0.05, 0.6))  # the moment of the kill is what is varied
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = odoo_shell.run(odoo_env, due_database, CHECK)
    assert done.returncode == 0, done.stderr
    expect_each_once(odoo_env, due_database)


def test_two_workers_at_the_same_time(odoo_env, due_database):
    """Two processes that check at once share the work; nothing is done twice and nothing fails."""
    workers = [odoo_shell.start(odoo_env, due_database, CHECK) for _number in range(2)]
    for worker in workers:
        errors = worker.stderr.read()
        assert worker.wait() == 0, errors
    expect_each_once(odoo_env, due_database)
