"""The store in which the chain is driven: opened for it alone, with one person a role and a client for each."""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from . import clients
from .browser import chromium, log_in, watch_console
from .clients import Json2, WebSession
from .demo import Login
from .environment import Environment
from .errors import expect
from .paths import ADDON
from .say import say

ZONE = ZoneInfo("Asia/Shanghai")
#: Who works in the store of the check: (key, name, role).
STAFF = (
    ("advisor", "陈静", "advisor"),
    ("crc", "林晓梅", "crc"),
    ("archivist", "沈文芳", "archivist"),
    ("manager", "吴国强", "manager"),
    ("gm", "郑海峰", "gm"),
    ("admin", "方立", "admin"),
)
#: Records of the addon that the check names.
SHIPPED = ("complaint_kind_repair_quality", "cause_no_standard", "ir_cron_aftersales_monthly_report")
#: The check may run on any day of a month: its store calls so long that last month's customers can still be called.
CALL_DAYS = 60


@dataclass
class Store:
    """The store of a check: its company, its people and a client for each of them."""

    company: int
    month: datetime.date
    people: dict[str, int] = field(default_factory=dict)
    logins: dict[str, str] = field(default_factory=dict)
    clients: dict[str, Json2] = field(default_factory=dict)
    shipped: dict[str, int] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Json2:
        """Give the client of a person: ``store.gm``."""
        try:
            return self.__dict__["clients"][name]
        except KeyError:
            raise AttributeError(name) from None


def log_everybody_in(env: Environment, url: str, db: str, people: list[Login]) -> None:
    """Let the web client load for one person of each role, without a console error."""
    first_of = {}
    for person in people:
        first_of.setdefault(person.roles, person)
    with chromium(env) as browser:
        for person in first_of.values():
            session = WebSession(url, db, person.login, person.login)
            menus = session.get("/web/webclient/load_menus").json()
            page = browser.new_page()
            errors = watch_console(page)
            log_in(page, url, person.login)
            page.close()
            expect(not errors, f"{person.login}: the browser's console shows {errors[:1]}")
            say(f"{person.login} ({', '.join(person.roles)}): logged in, {len(menus) - 1} menu entries")


def open_store(env: Environment, url: str, db: str, root: Json2, *, lang: str = "en_US") -> Store:
    """Open a store in Shanghai with one person a role; the password equals the login."""
    mark = secrets.token_hex(2)
    (china,) = root.search_read("res.country", [["code", "=", "CN"]], ["currency_id"])
    yuan = china["currency_id"][0]
    root.write("res.currency", [yuan], {"active": True})
    values = {"name": f"检查店 {mark}", "country_id": china["id"], "currency_id": yuan}
    (company,) = root.create("res.company", values)
    (hours,) = root("res.company", "read", ids=[company], fields=["resource_calendar_id"])
    root.write("resource.calendar", [hours["resource_calendar_id"][0]], {"tz": str(ZONE)})
    root.write("res.company", [company], {"aftersales_callback_expiry_days": CALL_DAYS})
    today = datetime.datetime.now(ZONE).date()
    store = Store(company, (today.replace(day=1) - datetime.timedelta(days=1)).replace(day=1))
    wanted = [f"group_aftersales_{role}" for _key, _name, role in STAFF] + list(SHIPPED)
    rows = root.search_read("ir.model.data", [["module", "=", ADDON], ["name", "in", wanted]], ["name", "res_id"])
    store.shipped = {row["name"]: row["res_id"] for row in rows}
    for key, name, role in STAFF:
        login = f"{key}.{mark}"
        values = {
            "name": name,
            "login": login,
            "password": login,
            "email": f"{login}@example.com",
            "company_id": company,
            "company_ids": [[6, 0, [company]]],
            "group_ids": [[6, 0, [store.shipped[f"group_aftersales_{role}"]]]],
            "tz": str(ZONE),
            "lang": lang,
        }
        (store.people[key],) = root.create("res.users", values)
        store.logins[key] = login
        store.clients[key] = Json2(url, db, clients.api_key(env, db, login))
    say(f"Store 检查店 {mark} opened for {store.month:%Y-%m}, {len(store.people)} people")
    return store
