"""Install, update, uninstall and install again: nothing of ours stays behind, nothing of others is lost."""

from __future__ import annotations

import subprocess

import pytest

from harness import database
from harness.environment import Environment
from harness.paths import ADDON
from harness.server import log_problems

#: What a module can leave in a database, each query one column of names.
SNAPSHOT_QUERIES = {
    "tables": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    "columns": """SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
                    FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraints": """SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
                        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    # The extension for searching by fragments stays, and with it what core does with it from then on.
    "indexes": """SELECT tablename || ' ' || indexname FROM pg_indexes WHERE schemaname = 'public'
                     AND (indexdef NOT LIKE '%gin_trgm_ops%' OR tablename LIKE 'aftersales%')""",
    "sequences": """SELECT regexp_replace(sequencename, '[0-9_]+$', '_N') FROM pg_sequences
                     WHERE schemaname = 'public'""",
    "functions and triggers": """SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
                                    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
                                  UNION SELECT tgrelid::regclass || ' ' || tgname FROM pg_trigger
                                         WHERE NOT tgisinternal""",
    # The external ids of fields change hands between modules at an update; the fields themselves are below.
    "external ids": "SELECT module || '.' || name FROM ir_model_data WHERE model <> 'ir.model.fields'",
    "external ids of gone fields": """SELECT module || '.' || name FROM ir_model_data d WHERE model = 'ir.model.fields'
                                       AND NOT EXISTS (SELECT FROM ir_model_fields f WHERE f.id = d.res_id)""",
    "models": "SELECT model FROM ir_model",
    "fields": "SELECT model || '.' || name FROM ir_model_fields",
    "selections": """SELECT f.model || '.' || f.name || '=' || s.value
                       FROM ir_model_fields_selection s JOIN ir_model_fields f ON f.id = s.field_id""",
    "parameters": "SELECT key FROM ir_config_parameter",
    "scheduled actions": "SELECT cron_name FROM ir_cron",
    "server actions": "SELECT type || ' ' || (name->>'en_US') FROM ir_actions",
    "groups": "SELECT name->>'en_US' FROM res_groups",
    "privileges": "SELECT name->>'en_US' FROM res_groups_privilege",
    "categories": "SELECT name->>'en_US' FROM ir_module_category",
    "rights": "SELECT name FROM ir_model_access",
    "rules": "SELECT name FROM ir_rule",
    "menus": "SELECT name->>'en_US' FROM ir_ui_menu",
    "views": "SELECT name || ' ' || model FROM ir_ui_view WHERE model IS NOT NULL",
    "templates": "SELECT key FROM ir_ui_view WHERE key IS NOT NULL",
    "mail templates": "SELECT name->>'en_US' FROM mail_template",
    "activity types": "SELECT name->>'en_US' FROM mail_activity_type",
    "message subtypes": "SELECT name->>'en_US' FROM mail_message_subtype",
    "number series": "SELECT code || ' ' || name FROM ir_sequence",
    "attachments": """SELECT res_model || ' ' || name FROM ir_attachment
                       WHERE res_model IS NOT NULL AND url IS NULL AND res_model <> 'res.partner'""",
    "defaults": "SELECT f.model || '.' || f.name FROM ir_default d JOIN ir_model_fields f ON f.id = d.field_id",
    "messages of gone models": "SELECT DISTINCT model FROM mail_message WHERE model LIKE 'aftersales.%'",
    "followers of gone models": "SELECT DISTINCT res_model FROM mail_followers WHERE res_model LIKE 'aftersales.%'",
    "activities of gone models": "SELECT DISTINCT res_model FROM mail_activity WHERE res_model LIKE 'aftersales.%'",
}
#: The data of others, as an Odoo that runs already has them.
FOREIGN = """
env = env(user=1)
company = env['res.company'].create({'name': 'Other Firm'})
env['resource.calendar'].create({'name': 'Other Hours', 'company_id': company.id})
owner = env['res.partner'].create({'name': 'Old Customer', 'phone': '13800000001', 'comment': 'kept'})
brand = env['fleet.vehicle.model.brand'].create({'name': 'Old Brand'})
model = env['fleet.vehicle.model'].create({'name': 'Old Model', 'brand_id': brand.id})
env['fleet.vehicle'].create({'model_id': model.id, 'license_plate': 'OLD-1', 'vin_sn': 'OLDVIN', 'driver_id': owner.id})
env.cr.commit()
"""
#: A day's work in the addon, on the data of others: what an uninstall meets in real life.
WORK = """
env = env(user=1)
company = env['res.company'].search([('name', '=', 'Other Firm')])
env.user.company_ids |= company
env = env(context={'allowed_company_ids': company.ids})
owner = env['res.partner'].search([('name', '=', 'Old Customer')])
model = env['fleet.vehicle.model'].search([('name', '=', 'Old Model')])
advisor = env['res.users'].create({'name': 'Advisor', 'login': 'life.advisor', 'company_id': company.id,
    'company_ids': [(6, 0, company.ids)], 'group_ids': [(6, 0, env.ref('aftersales_crm.group_aftersales_advisor').ids)]})
vehicle = env['aftersales.vehicle'].create({'vin': 'LSVAB41E7E3000001', 'license_plate': '沪A12345',
    'model_id': model.id, 'partner_id': owner.id, 'company_id': company.id})
vehicle.action_submit()
order = env['aftersales.repair.order'].create({'name': 'LIFE-1', 'vehicle_id': vehicle.id, 'company_id': company.id,
    'advisor_id': advisor.id, 'date_in': '2026-01-05 01:00:00', 'date_out': '2026-01-05 08:00:00'})
env['aftersales.complaint'].create({'repair_order_id': order.id, 'company_id': company.id, 'source': 'phone',
    'kind_id': env.ref('aftersales_crm.complaint_kind_repair_quality').id, 'description': 'The noise is still there.'})
env['ir.attachment'].create({'name': 'scan.txt', 'raw': b'scan', 'res_model': 'aftersales.vehicle',
    'res_id': vehicle.id})
env['ir.config_parameter'].set_param('other.parameter', 'kept')
env.cr.commit()
"""
#: Rows that must be the same before and after, in every stored column that was there before.
FOREIGN_TABLES = (
    "res_partner", "res_company", "res_currency", "resource_calendar", "resource_calendar_attendance",
    "resource_calendar_leaves", "resource_resource", "fleet_vehicle", "fleet_vehicle_model", "fleet_vehicle_model_brand",
)  # fmt: skip


#: An uninstall tries to delete what a module shipped while rows of the module still use it, logs what the database
#: says, and drops the table later on: Odoo's way, and what counts is what is left in the end.
TRIED = (r'violates foreign key constraint .* on table "aftersales_',)


def odoo(env: Environment, *arguments: str, allowed: tuple[str, ...] = ()) -> str:
    """Run Odoo's command line; returns its log, which holds no error."""
    command = [str(env.python), "-m", "odoo", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=env.process_env(), timeout=600)
    log = done.stdout + done.stderr
    problems = log_problems(log, allowed)
    assert done.returncode == 0 and not problems, "\n".join(problems[:3]) or log[-3000:]
    return log


def server(env: Environment, name: str, *arguments: str) -> str:
    """Run the server once on a database with these arguments."""
    common = ["-c", str(env.odoo_conf), "-d", name, "--stop-after-init", "--no-http", "--max-cron-threads=0"]
    return odoo(env, "server", *common, *arguments)


def uninstall(env: Environment, name: str) -> str:
    """Uninstall the addon as an administrator of the machine does."""
    return odoo(env, "module", "uninstall", "-c", str(env.odoo_conf), "-d", name, ADDON, allowed=TRIED)


def snapshot(env: Environment, name: str) -> dict[str, list[str]]:
    """Every name that a module can leave in a database, by sort."""
    with database.connect(env, name) as cursor:
        found = {}
        for sort, query in SNAPSHOT_QUERIES.items():
            cursor.execute(query)
            found[sort] = sorted(str(row[0]) for row in cursor.fetchall())
    return found


def rows(env: Environment, name: str, columns: dict[str, list[str]] | None = None) -> dict[str, list]:
    """The rows of others, in the columns given or all."""
    found = {}
    with database.connect(env, name) as cursor:
        for table in FOREIGN_TABLES:
            chosen = (columns or {}).get(table) or _columns(cursor, table)
            listed = ", ".join(f'"{column}"' for column in chosen)
            cursor.execute(f"SELECT {listed} FROM {table} ORDER BY id")
            found[table] = [dict(zip(chosen, row, strict=True)) for row in cursor.fetchall()]
    return found


def _columns(cursor, table: str) -> list[str]:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'"
        " AND column_name NOT IN ('write_date', 'write_uid') ORDER BY column_name",
        (table,),
    )
    return [row[0] for row in cursor.fetchall()]


def differences(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, dict[str, list[str]]]:
    """What came and what went, by sort; names that stand several times count several times."""
    found = {}
    for sort, names in before.items():
        came, went = list(after[sort]), []
        for item in names:
            if item in came:
                came.remove(item)
            else:
                went.append(item)
        if came or went:
            found[sort] = {"came": came, "went": went}
    return found


@pytest.mark.slow
def test_install_update_uninstall_and_install_again(odoo_env, make_database):
    """A store that tries the addon for a day and takes it off again has its Odoo back, to the last column."""
    name = make_database(base=True)
    database.run_script(odoo_env, name, FOREIGN)
    before, foreign = snapshot(odoo_env, name), rows(odoo_env, name)
    kept_columns = {table: list(records[0]) for table, records in foreign.items() if records}

    server(odoo_env, name, "-i", ADDON)
    installed = snapshot(odoo_env, name)
    assert any(item.startswith("aftersales_") for item in installed["tables"]), "the addon was not installed"
    database.run_script(odoo_env, name, WORK)

    worked = snapshot(odoo_env, name)
    server(odoo_env, name, "-u", ADDON)
    assert not differences(worked, snapshot(odoo_env, name)), "an update of the same version changes something"
    after_update = rows(odoo_env, name, kept_columns)
    assert not lost(foreign, after_update)

    uninstall(odoo_env, name)
    left = differences(before, snapshot(odoo_env, name))
    left = without_own_words(left)
    assert not left, f"An uninstall leaves: {left}"
    assert not lost(foreign, rows(odoo_env, name, kept_columns))

    server(odoo_env, name, "-i", ADDON)
    again = differences(installed, snapshot(odoo_env, name))
    assert not without_own_words(again), f"A second install differs from the first: {again}"


def without_own_words(left: dict) -> dict:
    """Leave out what the test itself wrote as a user of Odoo and a store keeps: a parameter of its own."""
    own = {"parameters": {"other.parameter"}}
    kept = {}
    for sort, parts in left.items():
        parts = {part: [item for item in items if item not in own.get(sort, ())] for part, items in parts.items()}
        if any(parts.values()):
            kept[sort] = parts
    return kept


def lost(before: dict[str, list], after: dict[str, list]) -> list[str]:
    """The rows of others that are gone or changed."""
    found = []
    for table, records in before.items():
        by_id = {record["id"]: record for record in after[table]}
        for record in records:
            now = by_id.get(record["id"])
            if now is None:
                found.append(f"{table} {record['id']} is gone")
            else:
                found += [
                    f"{table} {record['id']}.{column}: {value!r} became {now[column]!r}"
                    for column, value in record.items()
                    if now[column] != value
                ]
    return found
