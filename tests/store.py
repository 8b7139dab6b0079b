"""A small store for tests from outside: one user a role, made through the server's own API."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.clients import Json2

ROLES = ("advisor", "crc", "archivist", "manager", "gm", "officer", "admin")


@dataclass
class Store:
    """The ids of a store: ``users`` by login."""

    company: int
    users: dict[str, int] = field(default_factory=dict)


def xmlid(admin: Json2, name: str) -> int:
    """Id of an external identifier of the addon."""
    rows = admin.search_read("ir.model.data", [["module", "=", "aftersales_crm"], ["name", "=", name]], ["res_id"])
    return rows[0]["res_id"]


def make_store(admin: Json2, name: str = "Store") -> Store:
    """Make a company in Asia/Shanghai and its users; the login is the role, the password is the login."""
    (company,) = admin.create("res.company", {"name": name})
    calendar = admin("res.company", "read", ids=[company], fields=["resource_calendar_id"])[0]["resource_calendar_id"]
    admin.write("resource.calendar", [calendar[0]], {"tz": "Asia/Shanghai"})
    store = Store(company)
    extra = {"manager_2": "manager", "crc_2": "crc", "advisor_2": "advisor"}
    for login, role in {**{role: role for role in ROLES}, **extra}.items():
        values = {
            "name": login.replace("_", " ").title(),
            "login": f"{name.lower()}.{login}",
            "password": f"{name.lower()}.{login}",
            "email": f"{login}@example.com",
            "company_id": company,
            "company_ids": [[6, 0, [company]]],
            "group_ids": [[6, 0, [xmlid(admin, f"group_aftersales_{role}")]]],
            "tz": "Asia/Shanghai",
        }
        (store.users[login],) = admin.create("res.users", values)
    return store
