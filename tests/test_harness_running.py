"""The harness against the real thing: databases, servers, clients, the browser, the shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from harness import clients, database, demo, paths
from harness.browser import log_in
from harness.server import OdooServer


def harness(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of the harness as a person would."""
    environment = {key: value for key, value in os.environ.items() if key != "AFTERSALES_IN_VENV"}
    return subprocess.run(
        [sys.executable, "-m", "harness", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=paths.REPO,
        env=environment,
        timeout=600,
    )


def test_env_prints_json_alone_on_standard_output(odoo_env):
    done = harness("env", "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    wanted = {"python", "pythonpath", "addons_path", "db_host", "db_port", "db_user", "template_db"}
    assert wanted | {"data_dir", "chromium"} <= set(facts)
    assert str(paths.ADDONS_DIR) in facts["addons_path"]
    assert database.exists(odoo_env, facts["template_db"])


def test_a_tool_outside_can_attach_with_these_facts():
    facts = json.loads(harness("env", "--json").stdout)
    code = (
        "import odoo.release, psycopg2, sys\n"
        "connection = psycopg2.connect(host=sys.argv[1], port=sys.argv[2], user=sys.argv[3], dbname=sys.argv[4])\n"
        "cursor = connection.cursor()\n"
        "cursor.execute(\"SELECT state FROM ir_module_module WHERE name = 'fleet'\")\n"
        "print(odoo.release.version_info[0], cursor.fetchone()[0])\n"
    )
    done = subprocess.run(
        [facts["python"], "-c", code, facts["db_host"], str(facts["db_port"]), facts["db_user"], facts["template_db"]],
        env={"PYTHONPATH": facts["pythonpath"]},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["19", "installed"], done.stderr


def test_shell_makes_the_database_and_runs_the_script(odoo_env):
    name = f"aftersales_test_shell_{os.getpid()}"
    script = "print('state', env['ir.module.module'].search([('name', '=', 'aftersales_crm')]).state)"
    try:
        done = harness("shell", "-d", name, stdin=script)
        assert done.returncode == 0, done.stderr
        assert "state installed" in done.stdout
    finally:
        database.drop(odoo_env, name)


def test_shell_refuses_a_name_that_is_none():
    done = harness("shell", "-d", "not a name", stdin="")
    assert done.returncode == 2
    assert "is no database name" in done.stderr


def test_a_copy_has_the_filestore(odoo_env, make_database):
    name = make_database()
    template = database.comment(odoo_env, name)
    original = sorted(path.name for path in database.filestore(odoo_env, template).rglob("*"))
    assert original
    assert sorted(path.name for path in database.filestore(odoo_env, name).rglob("*")) == original
    database.drop(odoo_env, name)
    assert not database.exists(odoo_env, name)
    assert not database.filestore(odoo_env, name).exists()
    assert database.filestore(odoo_env, template).exists()


def test_the_addons_key_follows_its_content(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.py").write_text("x = 1")
    key = database.addon_key(tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text("")
    assert database.addon_key(tmp_path) == key
    (tmp_path / "models" / "a.py").write_text("x = 2")
    assert database.addon_key(tmp_path) != key


def test_both_languages_are_loaded(odoo_env, database):
    from harness.database import connect

    with connect(odoo_env, database) as cursor:
        cursor.execute("SELECT code FROM res_lang WHERE active ORDER BY code")
        assert [row[0] for row in cursor.fetchall()] == ["en_US", "zh_CN"]


def test_the_server_answers_clients_of_both_kinds(server: OdooServer, rpc):
    admin = rpc(server, "admin")
    (user,) = admin.search_read("res.users", [["login", "=", "admin"]], ["login"])
    assert user["login"] == "admin"
    with pytest.raises(clients.RpcError) as refusal:
        admin("res.users", "no_such_method")
    assert refusal.value.status == 404
    session = clients.WebSession(server.url, server.database, "admin", "admin")
    assert session.call("res.users", "search_count", []) >= 1
    with pytest.raises(clients.RpcError):
        clients.WebSession(server.url, server.database, "admin", "wrong")


def test_a_stopped_server_is_gone(odoo_env, database):
    server = OdooServer(odoo_env, database)
    with server:
        assert server.answers()
        process = server.process
    assert process is not None
    assert process.poll() is not None
    assert not server.answers()


def test_the_web_client_opens_in_the_browser(server: OdooServer, page):
    log_in(page, server.url, "admin")
    assert page.locator(".o_main_navbar").count() == 1


def test_a_demo_database_is_used_again_until_the_addon_changes(odoo_env, make_database, monkeypatch):
    template = database.comment(odoo_env, make_database(demo=True))
    monkeypatch.setattr(database, "ensure_addon", lambda env, *, demo: template)
    monkeypatch.setattr(database, "template_name", lambda env, kind, *, demo: template)
    name = f"aftersales_test_demo_{os.getpid()}"
    try:
        assert demo.prepare_database(odoo_env, name)
        assert not demo.prepare_database(odoo_env, name)
        database.set_comment(odoo_env, name, "made from an older addon")
        assert demo.prepare_database(odoo_env, name)
    finally:
        database.drop(odoo_env, name)


def test_every_demo_login_has_a_role_and_its_password(demo_server: OdooServer, odoo_env):
    people = demo.logins(odoo_env, demo_server.database)
    assert "admin" in {person.login for person in people}
    for person in people:
        assert person.roles
        clients.WebSession(demo_server.url, demo_server.database, person.login, person.login)
    card = demo.card(demo_server.url, people)
    assert all(person.login in card for person in people)
