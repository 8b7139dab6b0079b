"""A plan in real worker processes: written twice, or by two at once, it gives the same calls and none double."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import database
from harness.clients import RpcError
from tests.store import make_store

ORDERS = 150
#: What a worker answers that finds the plan in the hands of another one: asked to try again, nothing written.
BUSY = ("LockError", "UserError")


@pytest.fixture
def store(start_server, make_database, dropped_last, rpc, odoo_env):
    """A server with two workers, and a store whose orders lie in the windows of two months' plans."""
    name = make_database()
    dropped_last.append(name)
    server = start_server(name, workers=2)
    admin = rpc(server)
    made = make_store(admin, "Plan")
    admin.write("res.users", [2], {"company_ids": [[4, made.company]], "company_id": made.company})
    month = datetime.date.today().replace(day=1)
    deliver(admin, made, month, 0)
    workers = [rpc(server, f"plan.{login}") for login in ("crc", "crc_2")]
    agents = [[6, 0, [made.users["crc"], made.users["crc_2"]]]]
    plans = [
        workers[0].create(
            "aftersales.callback.plan", {"date_from": f"{first}", "agent_ids": agents, "include_absent": False}
        )[0]
        for first in ((month - datetime.timedelta(days=1)).replace(day=1), month)
    ]
    return workers, plans, lambda start: deliver(admin, made, month, start), lambda: written(odoo_env, name)


def deliver(admin, made, month, start):
    """So many more customers, each with a car and an order delivered five days before the month."""
    numbers = range(start, start + ORDERS)
    people = admin.create(
        "res.partner",
        [{"name": f"Customer {n}", "phone": f"139{n:08d}", "company_id": made.company} for n in numbers],
    )
    cars = admin.create(
        "aftersales.vehicle",
        [
            {"license_plate": f"沪P{n:05d}", "partner_id": person, "company_id": made.company}
            for n, person in zip(numbers, people, strict=True)
        ],
    )
    delivered = f"{month - datetime.timedelta(days=5)} 08:00:00"
    admin.create(
        "aftersales.repair.order",
        [
            {
                "vehicle_id": car,
                "partner_id": person,
                "company_id": made.company,
                "advisor_id": made.users["advisor"],
                "date_in": delivered.replace("08:", "01:"),
                "date_out": delivered,
                "callback_consent": "yes",
            }
            for car, person in zip(cars, people, strict=True)
        ],
    )


def written(env, name):
    """[(order, agent, day, state)] of all callbacks."""
    with database.connect(env, name) as cursor:
        cursor.execute("SELECT repair_order_id, user_id, date_planned, state FROM aftersales_callback ORDER BY id")
        return cursor.fetchall()


def together(workers, method, plans):
    """Let each worker call the method on its plan at the same moment; return what was refused, by exception."""

    def work(worker, plan):
        try:
            worker("aftersales.callback.plan", method, ids=[plan])
        except RpcError as error:
            return error.name.rsplit(".", 1)[-1]
        return ""

    with ThreadPoolExecutor(len(workers)) as pool:
        return list(pool.map(work, workers, plans))


def test_two_workers_plan_at_once(store, allow_log):
    """Two plans that reach for the same orders, then one plan in two hands: each order gets one callback."""
    workers, plans, deliver_more, calls = store
    allow_log.append("could not serialize access")
    for plan in plans:
        workers[0]("aftersales.callback.plan", "action_preview", ids=[plan])
    answers = together(workers, "action_confirm", plans)
    assert answers == ["", ""], answers
    first = calls()
    assert len(first) == len({row[0] for row in first}) == ORDERS
    # New orders come in, and both workers plan the same month again.
    deliver_more(ORDERS)
    answers = together(workers, "action_replan", [plans[1]] * 2)
    assert "" in answers and all(answer in ("", *BUSY) for answer in answers), answers
    second = calls()
    assert len(second) == len({row[0] for row in second}) == 2 * ORDERS
    assert second[:ORDERS] == first, "what stood stays"
    answers = together(workers, "action_replan", [plans[1]] * 2)
    assert "" in answers, answers
    assert calls() == second, "planned again, nothing changed"
