"""An import in real processes: killed at any point, worked on by two at once, its database cut off, crashed and restarted.

The number of kills is small here; ``IMPORT_KILLS=50`` runs the long form. ``IMPORT_ROWS`` is the size of the file.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from dataclasses import replace

import pytest

from harness import database, environment, postgres, system

from .import_workers import (
    BATCH,
    Nursery,
    alive,
    contents,
    expect_the_same,
    prepare,
    rows_done,
    wait_for,
    wait_for_end,
    working,
)

KILLS = int(os.environ.get("IMPORT_KILLS", "5"))
#: Small batches, so that the work is far from its end at the last of the crashes
SMALL_BATCH = 15


@pytest.fixture(scope="module")
def prepared(odoo_env, make_database):
    """A database in which an import waits."""
    name = make_database()
    prepare(odoo_env, name)
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
    wait_for(lambda: rows_done(odoo_env, nursery.name) >= 2 * BATCH, "the worker does not begin")
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


@pytest.fixture
def cluster():
    """A database server of the test's own."""
    if not system.find_postgres_bin():
        pytest.skip("the programs of a PostgreSQL server are needed")
    with postgres.own_cluster("restart") as running:
        yield running


@pytest.fixture
def moved(odoo_env, prepared, cluster, tmp_path):
    """The prepared database on the server of the test's own: (environment, name)."""
    env = replace(odoo_env, server=cluster.server, odoo_conf=tmp_path / "odoo.conf")
    environment.write_conf(env)
    name = f"{prepared}_moved"
    shutil.copytree(database.filestore(env, prepared), database.filestore(env, name))
    database.create_empty(env, name)
    dump, restore = (
        [str(system.find_postgres_bin() / program), "-h", server.host, "-p", str(server.port), "-U", server.user]
        for program, server in (("pg_dump", odoo_env.server), ("psql", cluster.server))
    )
    with subprocess.Popen(
        [*dump, "--no-owner", "--no-comments", prepared],
        stdout=subprocess.PIPE,
        env={**os.environ, "PGPASSWORD": odoo_env.server.password},
    ) as source:
        subprocess.run(
            [*restore, "-q", "-v", "ON_ERROR_STOP=1", "-d", name],
            stdin=source.stdout,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    assert source.returncode == 0
    yield env, name
    shutil.rmtree(database.filestore(env, name), ignore_errors=True)


def test_postgres_is_restarted(moved, cluster, undisturbed, tmp_path):
    """PostgreSQL crashes in the middle of batches and comes back: the worker that lives goes on, for one that has died
    the scheduled action begins behind the last batch that was committed."""
    env, name = moved
    nursery = Nursery(env, name, tmp_path, SMALL_BATCH)
    worker = nursery.start("scheduled")
    for crash in range(4):
        before = rows_done(env, name)
        wait_for(lambda seen=before: rows_done(env, name) >= seen + SMALL_BATCH, "the work does not go on")
        before = rows_done(env, name)
        cluster.stop("immediate")
        died = crash % 2 == 1
        if died:
            os.kill(worker, signal.SIGKILL)
            wait_for_end(worker)
        cluster.start()
        assert working(env, name), "the crash came too late"
        assert rows_done(env, name) >= before, "a batch that was committed is lost"
        if died:
            worker = nursery.start("scheduled")
    wait_for_end(worker)
    # One whose job has lost its connection ends with its import done, or leaves it to the next one
    nursery.finish(nursery.start("scheduled"))
    nursery.close()
    expect_the_same(undisturbed, contents(env, name))
