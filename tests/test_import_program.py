"""A program posts the files of a DMS by JSON-2 over HTTP: who may, what is sent back, and that the same file changes nothing."""

from __future__ import annotations

import base64
import csv
import datetime
import io
import threading

import pytest
import requests

from harness.clients import Json2, RpcError, api_key
from harness.dms_export import HEADERS, make_month
from harness.server import OdooServer

from .store import ROLES, make_store

#: The models that a file writes, and fields that tell what it wrote
WRITTEN = {
    "aftersales.repair.order": ["name", "write_date", "date_out", "amount_total", "callback_consent"],
    "aftersales.vehicle": ["license_plate", "write_date", "odometer", "last_service_date"],
    "res.partner": ["name", "write_date", "street"],
}


def month_file(orders: int, month: int = 3) -> bytes:
    """A month's export as CSV."""
    out = io.StringIO(newline="")
    rows = make_month(datetime.date(2026, month, 1), 3, orders=orders, until=datetime.datetime(2026, 6, 1))[0]
    csv.writer(out).writerows([HEADERS, *rows])
    return out.getvalue().encode()


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


class Site:
    """A server with two stores, and a client for each role of the first and for the administrator of the second."""

    def __init__(self, env, database):
        self.server = OdooServer(env, database)
        self.server.start()
        self.database = database
        self.root = Json2(self.server.url, database, api_key(env, database, "admin"))
        self.stores = {name: make_store(self.root, name) for name in ("North", "South")}
        logins = [f"north.{role}" for role in ROLES] + ["south.admin"]
        self.clients = {login: Json2(self.server.url, database, api_key(env, database, login)) for login in logins}

    def post(self, login: str, content: bytes | str, **kwargs):
        """Post a file; bytes are encoded, a text is sent as it is."""
        content = encoded(content) if isinstance(content, bytes) else content
        return self.clients[login]("aftersales.import", "post_file", content=content, **{"file_name": "x.csv"} | kwargs)

    def stored(self, store: str) -> dict[str, list[dict]]:
        """What files have written in a store, as its administrator reads it."""
        company = self.stores[store].company
        return {
            model: self.root.search_read(model, [["company_id", "=", company]], names, order="id", context={
                "allowed_company_ids": [company], "active_test": False})
            for model, names in WRITTEN.items()
        }  # fmt: skip

    def imports(self, store: str) -> int:
        company = self.stores[store].company
        return self.root(
            "aftersales.import",
            "search_count",
            domain=[["company_id", "=", company]],
            context={"allowed_company_ids": [company]},
        )


@pytest.fixture(scope="module")
def site(odoo_env, make_database):
    site = Site(odoo_env, make_database())
    company = [store.company for store in site.stores.values()]
    site.root.write("res.users", [2], {"company_ids": [[4, one] for one in company]})
    site.root.write(
        "res.company",
        company,
        {"country_id": site.root.search_read("res.country", [["code", "=", "CN"]], ["id"])[0]["id"]},
    )
    yield site
    site.server.stop()


def refusal(call) -> RpcError:
    with pytest.raises(RpcError) as caught:
        call()
    return caught.value


def test_post_and_ask(site):
    """The administrator of a store posts a file, is told what became of it, and reads its refused rows."""
    before = site.imports("South")
    answer = site.post("south.admin", month_file(40), file_name="C:\\export\\month.csv")
    assert answer["state"] == "applied"
    assert answer["order_created"] == answer["count_create"] > 30
    assert answer["count_refused"] > 0
    assert site.imports("South") == before + 1
    ask = site.clients["south.admin"]
    assert ask("aftersales.import", "get_status", ids=[answer["id"]]) == [answer]
    (kept,) = ask("aftersales.import", "read", ids=[answer["id"]], fields=["file_name", "origin", "refused_file"])
    assert (kept["file_name"], kept["origin"]) == ("month.csv", "api")
    refused = base64.b64decode(kept["refused_file"]).decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(refused)))) == answer["count_refused"] + 1


def test_same_file_twice(site):
    """The same bytes again write nothing: every row is unchanged or refused again, and no record is touched."""
    content = month_file(60)
    first = site.post("north.admin", content)
    stored = site.stored("North")
    assert len(stored["aftersales.repair.order"]) == first["order_created"] > 50
    again = site.post("north.admin", content)
    assert again["count_create"] == again["count_update"] == 0
    assert again["count_unchanged"] + again["count_refused"] == again["row_count"]
    assert again["count_refused"] == first["count_refused"]
    assert not [name for name, count in again.items() if name.endswith(("_created", "_updated")) and count]
    assert site.stored("North") == stored


def test_two_programs_at_once(site):
    """The same file posted by two programs at the same time is written once; who comes too late is told to wait."""
    content = month_file(80, month=4)
    answers: list[dict | RpcError] = []

    def post():
        try:
            answers.append(site.post("north.admin", content))
        except RpcError as error:
            answers.append(error)

    before = len(site.stored("North")["aftersales.repair.order"])
    threads = [threading.Thread(target=post) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    done = [answer for answer in answers if isinstance(answer, dict)]
    late = [answer for answer in answers if isinstance(answer, RpcError)]
    assert done and len(answers) == 2
    assert all(error.status == 422 and "Another import" in error.message for error in late)
    created = [answer["order_created"] for answer in done]
    assert max(created) > 60 and sum(created) == max(created)
    assert len(site.stored("North")["aftersales.repair.order"]) == before + max(created)


def test_long_file(site):
    """A long file is kept at once and worked on by the scheduled action."""
    answer = site.post("south.admin", month_file(4000, month=5), action="check")
    assert (answer["state"], answer["rows_done"]) == ("working", 0)
    job = site.root.search_read("ir.model.data", [["name", "=", "ir_cron_aftersales_import"]], ["res_id"])[0]["res_id"]
    site.root("ir.cron", "method_direct_trigger", ids=[job])
    (status,) = site.clients["south.admin"]("aftersales.import", "get_status", ids=[answer["id"]])
    assert status["state"] == "checked"
    assert status["rows_done"] == status["row_count"] > 3900
    assert not [row for row in site.stored("South")["aftersales.repair.order"] if row["name"] in ("", False)]


@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
def test_other_roles_may_not(site, role):
    """No other role posts a file or asks after one; nothing is kept of what they send."""
    number = site.post("north.admin", month_file(5), action="read")["id"]
    before = site.imports("North")
    login = f"north.{role}"
    assert refusal(lambda: site.post(login, month_file(5))).status == 403
    assert refusal(lambda: site.clients[login]("aftersales.import", "get_status", ids=[number])).status == 403
    assert site.imports("North") == before


def test_other_store_may_not(site):
    """The administrator of another store reaches neither the import, nor the source, nor the store itself."""
    number = site.post("north.admin", month_file(5), action="read")["id"]
    south = site.clients["south.admin"]
    assert refusal(lambda: south("aftersales.import", "get_status", ids=[number])).status == 403
    assert refusal(lambda: south("aftersales.import", "action_apply", ids=[number])).status == 403
    (source,) = site.clients["north.admin"]("aftersales.import", "read", ids=[number], fields=["mapping_id"])
    name = source["mapping_id"][1]
    assert "no import source" in refusal(lambda: site.post("south.admin", month_file(5), source=name)).message
    before = site.imports("North")
    foreign = {"allowed_company_ids": [site.stores["North"].company]}
    assert refusal(lambda: site.post("south.admin", month_file(5), context=foreign)).status == 403
    assert site.imports("North") == before


def test_without_a_key(site):
    """Without a key, and with a wrong one, nobody gets in."""
    url = f"{site.server.url}/json/2/aftersales.import/post_file"
    body = {"file_name": "x.csv", "content": encoded(month_file(5))}
    for headers in ({}, {"Authorization": "Bearer 0123456789abcdef"}, {"Authorization": "Basic YWRtaW46YWRtaW4="}):
        answer = requests.post(url, json=body, headers={**headers, "X-Odoo-Database": site.database}, timeout=60)
        assert answer.status_code == 401, headers


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7 nothing", "neither a CSV nor an XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel"),
        (b"PK\x03\x04" + b"x" * 500, "damaged"),
        (b"", "empty"),
        (b"just one line", "names of columns"),
        ("no base64 at all!", "base64"),
        ("\u5de5\u5355", "base64"),
        (["a", "list"], "base64"),
        (7, "base64"),
    ],
)
def test_what_is_no_table(site, content, said):
    """A file of another kind gets the sentence that a person would see, and nothing is kept of it."""
    before = site.imports("North")
    error = refusal(lambda: site.post("north.admin", content))
    assert error.status == 422
    assert said in error.message
    assert site.imports("North") == before


def test_too_large(site):
    """A file beyond the store's limit, in megabytes or in rows, is refused as a whole."""
    company = site.stores["North"].company
    before = site.imports("North")
    site.root.write("res.company", [company], {"aftersales_import_max_mb": 1})
    error = refusal(lambda: site.post("north.admin", month_file(5) + b"\n" * 1_100_000))
    assert (error.status, "larger than 1 MB" in error.message) == (422, True)
    site.root.write("res.company", [company], {"aftersales_import_max_mb": 50, "aftersales_import_max_rows": 20})
    error = refusal(lambda: site.post("north.admin", month_file(60)))
    assert (error.status, "more than 20 rows" in error.message) == (422, True)
    site.root.write("res.company", [company], {"aftersales_import_max_rows": 100_000})
    assert site.imports("North") == before


def test_wrong_words(site):
    """An action that does not exist, a source that nobody has, a name that is none."""
    for wrong in ({"action": "delete"}, {"source": "nobody"}, {"file_name": {"a": 1}}, {"origin": "hand"}):
        assert refusal(lambda wrong=wrong: site.post("north.admin", month_file(5), **wrong)).status == 422
