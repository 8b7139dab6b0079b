"""Imports in processes of their own: a store whose import waits, workers to kill, and what the database holds in the end."""

from __future__ import annotations

import base64
import csv
import datetime
import io
import json
import os
import subprocess
import time
from pathlib import Path

from harness import database, odoo_shell
from harness.dms_export import HEADERS, make_month
from harness.environment import Environment

ROWS = int(os.environ.get("IMPORT_ROWS", "600"))
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
from odoo.addons.base.models.ir_cron import IrCron
import odoo.addons.aftersales_crm.models.aftersales_import_batch_mixin as run
run.BATCH = BATCH
env['aftersales.import'].search([]).mapped('state')
job = env.ref('aftersales_crm.ir_cron_aftersales_import').id
registry, name = env.registry, env.cr.dbname
env.cr.commit()

def work_alone(number):
    with registry.cursor() as cr:
        api.Environment(cr, 1, {})['aftersales.import'].browse(number)._work_in_background()

def work_as_scheduled(_number):
    with registry.cursor() as cr:
        IrCron._process_jobs_loop(cr, job_ids=[job])

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
                (work_as_scheduled if line.strip() == 'scheduled' else work_alone)(number)
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


def shell(env: Environment, name: str, script: str) -> str:
    """Run a script in Odoo's shell; returns what it printed."""
    done = odoo_shell.run(env, name, script, log_level="critical")
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def prepare(env: Environment, name: str) -> None:
    """Let an import wait in the database: a month on top of its own first half."""
    month = datetime.date(2026, 3, 1)
    files = []
    for until in (datetime.datetime(2026, 3, 12), datetime.datetime(2026, 6, 1)):
        out = io.StringIO(newline="")
        csv.writer(out).writerows([HEADERS, *make_month(month, 11, orders=ROWS, until=until)[0]])
        files.append(base64.b64encode(out.getvalue().encode()).decode())
    shell(env, name, f"FILES = {files!r}\n{PREPARE}")


class Nursery:
    """Workers on one database, each a process of its own.

    :param batch: rows of a transaction
    """

    def __init__(self, env: Environment, name: str, folder: Path, batch: int = BATCH) -> None:
        self.env, self.name = env, name
        pipe = folder / f"{name}.pipe"
        os.mkfifo(pipe)
        self.process = subprocess.Popen(
            odoo_shell.command(env, name, log_level="critical"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=env.process_env(),
        )
        self.process.stdin.write(f"REQUESTS = {str(pipe)!r}\nBATCH = {batch}\n{NURSERY}")
        self.process.stdin.close()
        assert self.process.stdout.readline().strip() == "READY"
        self.requests = pipe.open("w")

    def start(self, how: str = "alone") -> int:
        """Start a worker: ``alone`` works on the import, ``scheduled`` runs the scheduled action. Returns its pid."""
        self.requests.write(f"{how}\n")
        self.requests.flush()
        return int(self.process.stdout.readline())

    def finish(self, *workers: int) -> None:
        """Wait until the work is done and its workers are gone."""
        wait_for(lambda: not any(alive(worker) for worker in workers), "the workers do not come to an end")
        assert not working(self.env, self.name)

    def close(self) -> None:
        self.requests.close()
        self.process.wait(60)


def wait_for(condition, complaint: str, seconds: float = 120) -> None:
    """Wait until a condition holds."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, complaint
        time.sleep(0.02)


def wait_for_end(worker: int) -> None:
    """Wait until a worker is gone."""
    wait_for(lambda: not alive(worker), "the worker does not come to an end")


def alive(pid: int) -> bool:
    """Tell whether a process lives; one that nobody has waited for is dead."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def working(env: Environment, name: str) -> int:
    """Return how many imports are at work."""
    with database.connect(env, name) as cursor:
        cursor.execute("SELECT count(*) FROM aftersales_import WHERE state = 'working'")
        return cursor.fetchone()[0]


def rows_done(env: Environment, name: str) -> int:
    """Return how many rows of the import at work are committed; 0 when none is at work."""
    with database.connect(env, name) as cursor:
        cursor.execute("SELECT max(rows_done) FROM aftersales_import WHERE state = 'working'")
        return cursor.fetchone()[0] or 0


def contents(env: Environment, name: str) -> dict[str, list[str]]:
    """Return every stored value that imports write, without ids, by model."""
    out = shell(env, name, DUMP)
    return json.loads(next(line for line in out.splitlines() if line.startswith("DUMP ")).removeprefix("DUMP "))


def expect_the_same(one: dict[str, list[str]], other: dict[str, list[str]]) -> None:
    """Compare two databases, with the first difference as the complaint."""
    for model, rows in one.items():
        assert len(rows) == len(other[model]), f"{model}: {len(rows)} and {len(other[model])}"
        different = [(a, b) for a, b in zip(rows, other[model], strict=True) if a != b]
        assert not different, f"{model}: {different[0][0]}\n{different[0][1]}"
