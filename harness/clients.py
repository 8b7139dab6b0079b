"""Clients of a running Odoo, as the world outside sees it: JSON-2 by key, the web by password."""

from __future__ import annotations

import datetime
import secrets
from typing import Any

import requests

from . import database
from .environment import Environment

#: What Odoo prefixes and how it hashes an API key (res.users.apikeys).
_KEY_BYTES, _INDEX_LENGTH, _KEY_ROUNDS = 20, 8, 6000


class RpcError(Exception):
    """The server refused a call: ``status`` is the HTTP code, ``name`` the exception's class."""

    def __init__(self, status: int, payload: Any) -> None:
        self.status = status
        self.payload = payload
        data = payload if isinstance(payload, dict) else {}
        self.name = str(data.get("name", ""))
        self.message = str(data.get("message", payload))
        super().__init__(f"{status} {self.name}: {self.message}")


class Json2:
    """``POST /json/2/<model>/<method>`` as one user.

    ``client("res.partner", "search_read", domain=[...], fields=["name"])`` returns the result;
    a refusal raises ``RpcError``.
    """

    def __init__(self, url: str, db: str, key: str, *, timeout: float = 120) -> None:
        self.url = url
        self.timeout = timeout
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Bearer {key}", "X-Odoo-Database": db})

    def __call__(self, model: str, method: str, ids: list[int] | None = None, **kwargs: Any) -> Any:
        """Call a method; ``ids`` are the records, the rest are its named arguments."""
        body = dict(kwargs)
        if ids is not None:
            body["ids"] = list(ids)
        response = self.session.post(f"{self.url}/json/2/{model}/{method}", json=body, timeout=self.timeout)
        try:
            payload = response.json()
        except ValueError:
            payload = response.text[:500]
        if response.status_code != 200:
            raise RpcError(response.status_code, payload)
        return payload

    def search_read(self, model: str, domain: list, fields: list[str], **kwargs: Any) -> list[dict]:
        """Search and read in one call."""
        return self(model, "search_read", domain=domain, fields=fields, **kwargs)

    def create(self, model: str, values: dict | list[dict]) -> list[int]:
        """Create records; returns their ids."""
        return self(model, "create", vals_list=values if isinstance(values, list) else [values])

    def write(self, model: str, ids: list[int], values: dict) -> bool:
        """Write the same values to records."""
        return self(model, "write", ids=ids, vals=values)


class WebSession:
    """A person's session: log in with the password, then call what the web client calls."""

    def __init__(self, url: str, db: str, login: str, password: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.info = self._json("/web/session/authenticate", {"db": db, "login": login, "password": password})
        if not self.info.get("uid"):
            raise RpcError(401, {"name": "AccessDenied", "message": f"{login} cannot log in"})

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        """Fetch a page or file with the session's cookie."""
        return self.session.get(self.url + path, timeout=120, **kwargs)

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a model's method as the web client does."""
        return self._json(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )

    def _json(self, path: str, params: dict) -> Any:
        response = self.session.post(
            self.url + path,
            json={"jsonrpc": "2.0", "method": "call", "params": params},
            timeout=120,
        )
        answer = response.json()
        if "error" in answer:
            data = answer["error"].get("data") or {}
            raise RpcError(response.status_code, {**answer["error"], **data})
        return answer.get("result")


def api_key(env: Environment, db: str, login: str, *, days: int = 1) -> str:
    """Make an API key for a user straight in the database; returns it.

    The web client asks for the password before it makes one, which a test needs not repeat.
    """
    from passlib.context import CryptContext

    key = secrets.token_hex(_KEY_BYTES)
    hashed = CryptContext(["pbkdf2_sha512"], pbkdf2_sha512__rounds=_KEY_ROUNDS).hash(key)
    expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    with database.connect(env, db) as cursor:
        cursor.execute(
            """INSERT INTO res_users_apikeys (name, user_id, scope, expiration_date, key, index)
               SELECT 'harness', id, 'rpc', %s, %s, %s FROM res_users
                WHERE login = %s AND active RETURNING id""",
            (expires.replace(tzinfo=None), hashed, key[:_INDEX_LENGTH], login),
        )
        if not cursor.fetchone():
            raise LookupError(f"{db} has no active user with the login '{login}'")
    return key
