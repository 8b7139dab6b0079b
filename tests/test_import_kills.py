"""An import in real processes: killed at any point, worked on by two at once, its database connections cut.

The number of kills is small here; ``IMPORT_KILLS=50`` runs the long form. ``IMPORT_ROWS`` is the size of the file.
"""

from __future__ import annotations

import base64
import csv
import datetime
import io
import json
import os
import random
import signal
import subprocess
import time

import pytest

from harness import database
from harness.dms_export import HEADERS, make_month

ROWS = int(os.environ.get("IMPORT_ROWS", "600"))
KILLS = int(os.environ.get("IMPORT_KILLS", "5"))
BATCH = 40

PREPARE = """
env = env(user=2)
env.user.group_ids |= env.ref('aftersales_crm.group_aftersales_admin')
company = env['res.company'].create({'name': 'Night Store', 'country_id': env.ref('base.cn').id})
company.resource_calendar_id.tz = 'Asia/Shanghai'
env.user.write({'company_ids': [(4, company.id)], 'company_id': company.id, 'tz': 'Asia/Shanghai'})
mine = env(context={'allowed_company_ids': company.ids})
for content in FILES:
    imp = mine['aftersales.import'].create({'file': content, 'file_name': 'x.csv', 'company_id': company.id})
    imp.action_read_file()
    if content is FILES[0]:
        imp.action_apply()
    else:
        imp.with_context(import_in_background=True).action_apply()
env.cr.commit()
"""
#: A process that has loaded Odoo and makes workers of itself: killing one costs no start of Odoo
NURSERY = """
import json, os, sys
from odoo import api, sql_db
import odoo.addons.aftersales_crm.models.aftersales_import_run_mixin as run
run.BATCH = BATCH
env['aftersales.import'].search([]).mapped('state')
registry, name = env.registry, env.cr.dbname
env.cr.commit()
print('READY', flush=True)
for line in open(REQUESTS):
    worker = os.fork()
    if worker:
        print(worker, flush=True)
        continue
    # The connections of the parent are not the child's
    sql_db._Pool = sql_db._Pool_readonly = None
    registry._db = sql_db.db_connect(name)
    registry._db_readonly = None
    code = 1
    try:
        for _turn in range(200):
            with registry.cursor() as cr:
                Import = api.Environment(cr, 1, {})['aftersales.import']
                waiting = Import.search([('state', '=', 'working')]).ids
            if not waiting:
                code = 0
                break
            for number in waiting:
                with registry.cursor() as cr:
                    mine = api.Environment(cr, 1, {})['aftersales.import'].browse(number)
                    mine._work_in_background()
    finally:
        os._exit(code)
"""
DUMP = """
import hashlib, json
from odoo.addons.aftersales_crm.tests.both_ways import dump
company = env['res.company'].search([('name', '=', 'Night Store')])
found = {model: sorted(str(sorted(row.items())) for row in rows.values()) for model, rows in dump(env, company).items()}
imports = env['aftersales.import'].search([('company_id', '=', company.id)], order='id')
names = ['state', 'row_count', 'rows_done', *sorted(imports._get_count_fields())]
found['imports'] = [str(sorted(values.items())) for values in imports.read(names, load=False)]
print('DUMP ' + json.dumps(found), flush=True)
"""


def command(env, name):
    return [
        *(str(env.python), "-m", "odoo", "shell", "-c", str(env.odoo_conf), "-d", name, "--no-http"),
        "--log-level=critical",
    ]


def shell(env, name, script):
    done = subprocess.run(command(env, name), input=script, capture_output=True, text=True, env=env.process_env())
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


class Nursery:
    """Workers on one database, each a process of its own."""

    def __init__(self, env, name, folder):
        self.env, self.name = env, name
        pipe = folder / f"{name}.pipe"
        os.mkfifo(pipe)
        self.process = subprocess.Popen(
            command(env, name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=env.process_env(),
        )
        self.process.stdin.write(f"REQUESTS = {str(pipe)!r}\nBATCH = {BATCH}\n{NURSERY}")
        self.process.stdin.close()
        assert self.process.stdout.readline().strip() == "READY"
        self.requests = pipe.open("w")

    def start(self):
        self.requests.write("go\n")
        self.requests.flush()
        return int(self.process.stdout.readline())

    def finish(self, *workers):
        """Wait until the work is done and its workers are gone."""
        limit = time.monotonic() + 300
        while any(alive(worker) for worker in workers):
            assert time.monotonic() < limit, "the workers do not come to an end"
            time.sleep(0.05)
        assert not working(self.env, self.name)

    def close(self):
        self.requests.close()
        self.process.wait(60)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def working(env, name):
    with database.connect(env, name) as cursor:
        cursor.execute("SELECT count(*) FROM aftersales_import WHERE state = 'working'")
        return cursor.fetchone()[0]


def rows_done(env, name):
    with database.connect(env, name) as cursor:
        cursor.execute("SELECT max(rows_done) FROM aftersales_import WHERE state = 'working'")
        return cursor.fetchone()[0] or 0


def contents(env, name):
    out = shell(env, name, DUMP)
    return json.loads(next(line for line in out.splitlines() if line.startswith("DUMP ")).removeprefix("DUMP "))


def expect_the_same(one, other):
    for model, rows in one.items():
        assert len(rows) == len(other[model]), f"{model}: {len(rows)} and {len(other[model])}"
        different = [(a, b) for a, b in zip(rows, other[model], strict=True) if a != b]
        assert not different, f"{model}: {different[0][0]}\n{different[0][1]}"


@pytest.fixture(scope="module")
def prepared(odoo_env, make_database):
    """A database in which an import waits: a month on top of its own first half."""
    name = make_database()
    month = datetime.date(2026, 3, 1)
    files = []
    for until in (datetime.datetime(2026, 3, 12), datetime.datetime(2026, 6, 1)):
        out = io.StringIO(newline="")
        csv.writer(out).writerows([HEADERS, *make_month(month, 11, orders=ROWS, until=until)[0]])
        files.append(base64.b64encode(out.getvalue().encode()).decode())
    shell(odoo_env, name, f"FILES = {files!r}\n{PREPARE}")
    return name


@pytest.fixture(scope="module")
def undisturbed(odoo_env, prepared, make_copy, tmp_path_factory):
    """What the database holds when nothing comes in between."""
    name = make_copy(prepared)
    nursery = Nursery(odoo_env, name, tmp_path_factory.mktemp("undisturbed"))
    nursery.finish(nursery.start())
    nursery.close()
    return contents(odoo_env, name)


@pytest.fixture(scope="module")
def make_copy(odoo_env):
    names = []

    def make(source):
        names.append(f"{source}_copy{len(names)}")
        database.copy(odoo_env, source, names[-1])
        return names[-1]

    yield make
    for name in names:
        database.drop(odoo_env, name)


@pytest.fixture
def nursery(odoo_env, prepared, make_copy, tmp_path):
    one = Nursery(odoo_env, make_copy(prepared), tmp_path)
    yield one
    one.close()


def test_killed_at_any_point(odoo_env, nursery, undisturbed):
    """Killed at random points and resumed, an import ends as if nothing had been."""
    chance = random.Random(5)
    killed = 0
    begun = time.monotonic()
    worker = nursery.start()
    while rows_done(odoo_env, nursery.name) < 2 * BATCH:
        assert time.monotonic() < begun + 120
        time.sleep(0.02)
    pace = (time.monotonic() - begun) / 2
    while killed < KILLS and working(odoo_env, nursery.name):
        # Short of a batch or two, so that the work comes to no end before all the kills are done
        time.sleep(chance.uniform(0.0, 1.3 * pace))
        os.kill(worker, signal.SIGKILL)
        killed += 1
        while alive(worker):
            time.sleep(0.005)
        worker = nursery.start()
    print(f"killed {killed} times; {rows_done(odoo_env, nursery.name)} rows were done at the last kill")
    nursery.finish(worker)
    assert killed >= min(KILLS, 4)
    expect_the_same(undisturbed, contents(odoo_env, nursery.name))


def test_two_workers_on_the_same_file(odoo_env, nursery, undisturbed):
    """Two workers at once write every row once."""
    nursery.finish(nursery.start(), nursery.start())
    expect_the_same(undisturbed, contents(odoo_env, nursery.name))


def test_database_goes_away(odoo_env, nursery, undisturbed):
    """Cut off from the database, again and again, the worker waits for it and goes on."""
    worker = nursery.start()
    cuts = 0
    while alive(worker) and cuts < 4:
        before = rows_done(odoo_env, nursery.name)
        limit = time.monotonic() + 60
        while alive(worker) and rows_done(odoo_env, nursery.name) == before and time.monotonic() < limit:
            time.sleep(0.02)
        with database.connect(odoo_env, nursery.name) as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid != pg_backend_pid()"
            )
            cuts += cursor.fetchone()[0] > 0
    nursery.finish(worker)
    assert cuts >= 2
    expect_the_same(undisturbed, contents(odoo_env, nursery.name))
