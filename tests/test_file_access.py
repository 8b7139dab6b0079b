"""The file floor over JSON-2: each role × model × operation in two stores, and two people who open one car's file at once."""

from __future__ import annotations

import threading

import pytest

from harness.clients import Json2, RpcError, api_key
from harness.server import OdooServer

from .store import ROLES, make_store

#: What a role may do, on records of its own store: r(ead), w(rite), c(reate), d(elete). Roles that are not named: nothing.
STAFF = dict.fromkeys(("advisor", "crc", "archivist", "manager", "gm", "admin"), "r")
KEEPERS = dict.fromkeys(("advisor", "manager", "admin"), "rwcd")
MATRIX = {
    "aftersales.vehicle": STAFF | KEEPERS,
    "aftersales.vehicle.document": STAFF | KEEPERS | {"archivist": "rwc"},
    "aftersales.vehicle.insurance": STAFF | KEEPERS | {"archivist": "rwc", "crc": "rwc"},
    "aftersales.vehicle.odometer": STAFF | KEEPERS | {"archivist": "rwc", "crc": "rwc"},
    "aftersales.vehicle.ownership": STAFF,
    "aftersales.preference": STAFF | KEEPERS | {"crc": "rwcd"},
    "aftersales.change.request": STAFF | KEEPERS | {"crc": "rwcd", "archivist": "rwcd"},
    "aftersales.change.request.line": STAFF | KEEPERS | {"crc": "rwcd", "archivist": "rwcd"},
    "aftersales.vehicle.merge": STAFF | dict.fromkeys(("advisor", "crc", "archivist", "manager"), "rwcd"),
    "aftersales.stocktake": STAFF | dict.fromkeys(("archivist", "manager", "admin"), "rwcd"),
    "aftersales.stocktake.line": STAFF | dict.fromkeys(("archivist", "manager", "admin"), "rwcd"),
    "aftersales.consent": STAFF | dict.fromkeys(("advisor", "crc", "manager", "admin"), "rc"),
    "aftersales.data.request": STAFF | dict.fromkeys(("advisor", "crc", "archivist", "manager"), "rwc") | {"gm": "rw"},
    "aftersales.reveal": dict.fromkeys(("manager", "gm", "admin"), "r"),
    "aftersales.export.log": dict.fromkeys(("manager", "gm", "admin"), "r"),
    "aftersales.timeline": STAFF,
    "aftersales.document.type": STAFF | {"admin": "rwcd"},
    "aftersales.preference.kind": STAFF | {"admin": "rwcd"},
}
#: Configuration that all stores share.
SHARED = {"aftersales.document.type", "aftersales.preference.kind"}


class Site:
    """A server with two stores, each with one file and one row of everything that belongs to it."""

    def __init__(self, env, database):
        self.env = env
        self.server = OdooServer(env, database, workers=2)
        self.server.start()
        self.admin = Json2(self.server.url, database, api_key(env, database, "admin"))
        self.stores = {name: make_store(self.admin, name) for name in ("North", "South")}
        self.clients = {
            (store, role): Json2(self.server.url, database, api_key(env, database, f"{store.lower()}.{role}"))
            for store in self.stores
            for role in ROLES
        }
        (brand,) = self.admin.create("fleet.vehicle.model.brand", {"name": "Brand"})
        (self.model,) = self.admin.create("fleet.vehicle.model", {"name": "Model", "brand_id": brand})
        self.rows = {store: self.fill(store) for store in self.stores}

    def fill(self, store: str) -> dict[str, int]:
        """One row of each model, made by whoever makes it in the store."""
        advisor, archivist, crc = (self.clients[store, role] for role in ("advisor", "archivist", "crc"))
        (owner,) = advisor.create("res.partner", {"name": f"Owner {store}", "phone": "+86 138 0013 8000"})
        plates = {"North": ("沪A12345", "沪A54321"), "South": ("沪B12345", "沪B54321")}[store]
        vehicle, other = advisor.create(
            "aftersales.vehicle",
            [{"license_plate": plate, "model_id": self.model, "partner_id": owner} for plate in plates],
        )
        crc("res.partner", "action_aftersales_reveal_phone", ids=[owner], purpose="callback")
        kind = crc.search_read("aftersales.preference.kind", [], ["id"], limit=1)[0]["id"]
        rows = {
            "aftersales.vehicle": vehicle,
            "aftersales.vehicle.insurance": advisor.create(
                "aftersales.vehicle.insurance", {"vehicle_id": vehicle, "insurer": "PICC", "date_end": "2030-01-01"}
            )[0],
            "aftersales.vehicle.odometer": advisor.create(
                "aftersales.vehicle.odometer", {"vehicle_id": vehicle, "value": 100}
            )[0],
            "aftersales.preference": crc.create(
                "aftersales.preference", {"vehicle_id": vehicle, "kind_id": kind, "value": "Tea"}
            )[0],
            "aftersales.change.request": crc.create(
                "aftersales.change.request",
                {
                    "vehicle_id": vehicle,
                    "reason": "Read again",
                    "line_ids": [[0, 0, {"field_name": "engine_number", "new_raw": "E1"}]],
                },
            )[0],
            "aftersales.vehicle.merge": crc.create(
                "aftersales.vehicle.merge", {"keep_id": vehicle, "duplicate_id": other, "reason": "One car"}
            )[0],
            "aftersales.consent": crc.create("aftersales.consent", {"partner_id": owner})[0],
            "aftersales.data.request": crc.create(
                "aftersales.data.request", {"partner_id": owner, "wish": "A copy please"}
            )[0],
            "aftersales.stocktake": archivist.create("aftersales.stocktake", {"name": "2026"})[0],
            "aftersales.document.type": advisor.search_read("aftersales.document.type", [], ["id"], limit=1)[0]["id"],
            "aftersales.preference.kind": kind,
        }
        archivist("aftersales.stocktake", "action_start", ids=[rows["aftersales.stocktake"]])
        for name in ("vehicle.document", "vehicle.ownership", "change.request.line", "stocktake.line", "timeline"):
            model = f"aftersales.{name}"
            rows[model] = advisor.search_read(model, [], ["id"], limit=1)[0]["id"]
        rows["aftersales.reveal"] = self.clients[store, "gm"].search_read("aftersales.reveal", [], ["id"], limit=1)[0][
            "id"
        ]
        return rows


@pytest.fixture(scope="module")
def site(odoo_env, make_database):
    site = Site(odoo_env, make_database())
    yield site
    site.server.stop()


def is_refused(client: Json2, model: str, method: str, **kwargs) -> bool:
    """Whether the server says that the user may not; another complaint means that they may."""
    try:
        client(model, method, **kwargs)
    except RpcError as error:
        return error.status == 403
    return False


def rights(site: Site, store: str, role: str, model: str) -> str:
    """What the server lets a role do with the store's own row of a model, by trying it."""
    client, found = site.clients[store, role], ""
    row = site.rows[store].get(model)
    if not is_refused(client, model, "search_read", domain=[], fields=["id"], limit=1):
        rows = client.search_read(model, [["id", "=", row]] if row else [], ["id"])
        found += "r" if rows or not row else "-"
    if model == "aftersales.timeline":
        return found
    if not is_refused(client, model, "write", ids=[row] if row else [], vals={}):
        found += "w"
    if not is_refused(client, model, "create", vals_list=[{}]):
        found += "c"
    # Nothing is deleted: the server is asked for the right
    if client(model, "has_access", ids=[], operation="unlink"):
        found += "d"
    return found


def test_each_role_on_each_model(site):
    """Each role reads, writes, creates and deletes what the matrix says and nothing else, in its own store."""
    wrong = [
        f"{role} on {model}: {found!r}, not {expected.get(role, '')!r}"
        for number, (model, expected) in enumerate(MATRIX.items())
        for role in ROLES
        # The stores take turns: the rights are the same, the rows are not
        if (found := rights(site, ("North", "South")[number % 2], role, model)) != expected.get(role, "")
    ]
    assert not wrong, "\n".join(wrong)


def test_never_another_store(site):
    """No role sees, counts, groups or reads a row of another store, by whatever call."""
    leaks = []
    for model in MATRIX:
        theirs = site.rows["South"].get(model)
        if model in SHARED or not theirs:
            continue
        for role in ROLES:
            client = site.clients["North", role]
            if is_refused(client, model, "search_read", domain=[], fields=["id"], limit=1):
                continue
            if client(model, "search_count", domain=[["id", "=", theirs]]):
                leaks.append(f"{role} counts {model}")
            groups = client(
                model,
                "formatted_read_group",
                domain=[["id", "=", theirs]],
                groupby=["company_id"],
                aggregates=["__count"],
            )
            if any(group["__count"] for group in groups):
                leaks.append(f"{role} groups {model}")
            try:
                # A row of a stream that is not there for the reader is no row at all
                if client(model, "read", ids=[theirs], fields=["company_id"]):
                    leaks.append(f"{role} reads {model}")
            except RpcError as error:
                assert error.status in (403, 404), error
            if model != "aftersales.timeline" and not is_refused(
                client, model, "write", ids=[theirs], vals={"id": theirs}
            ):
                leaks.append(f"{role} writes {model}")
    assert not leaks, "\n".join(leaks)


def test_two_people_at_once(site):
    """Two advisors open the file of one car at the same moment: one file, and one clear sentence for the other."""
    clients = []
    for login in ("advisor", "advisor_2"):
        key = api_key(site.env, site.server.database, f"north.{login}")
        clients.append(Json2(site.server.url, site.server.database, key))
    for number in range(8):
        plate, vin = f"沪C{number:05}", f"LSVAB41E7E2{number:06}"
        typed = ({"license_plate": plate, "vin": vin}, {"license_plate": plate.lower(), "vin": vin.lower()})
        gate, told = threading.Barrier(2), []

        def save(client, values, gate=gate, told=told):
            gate.wait()
            try:
                told.append(client.create("aftersales.vehicle", values)[0])
            except RpcError as error:
                told.append(error)

        threads = [threading.Thread(target=save, args=pair) for pair in zip(clients, typed)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused = [answer for answer in told if isinstance(answer, RpcError)]
        assert len(refused) == 1, told
        assert refused[0].status == 422, refused[0]
        assert "vehicle file" in refused[0].message, refused[0]
        files = clients[0].search_read("aftersales.vehicle", [["vin", "=", vin]], ["id", "license_plate"])
        assert [file["license_plate"] for file in files] == [plate]


def test_numbers_masked_from_outside(site):
    """Over JSON-2 the number of a customer is a mask for every role, and no search tells it."""
    for role in ROLES[:5]:
        client = site.clients["North", role]
        (owner,) = client.search_read("res.partner", [["name", "=", "Owner North"]], ["phone"])
        assert owner["phone"] == "138****8000", role
        for domain in ([["phone", "like", "138"]], [["phone_sanitized", ">=", "+86138"]]):
            with pytest.raises(RpcError) as refusal:
                client("res.partner", "search_count", domain=domain)
            assert refusal.value.status == 403
