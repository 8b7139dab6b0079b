"""The same files imported in two ways into two stores, and every stored value of the two compared.

Way "sets" is the importer as it is. Way "models" is the same plan written by ``create()`` and ``write()`` of the models,
record by record: what the sets write, the models would have accepted, and made the same of it. Way "small" is the sets in
batches of a few rows: where a batch ends makes no difference.
"""

import base64
from unittest.mock import patch

from odoo.tools import SQL

from odoo.addons.aftersales_crm.models import aftersales_import_batch_mixin
from odoo.addons.aftersales_crm.tools import bulk

MODELS = (
    "res.partner",
    "aftersales.vehicle",
    "aftersales.vehicle.ownership",
    "aftersales.vehicle.document",
    "aftersales.vehicle.odometer",
    "aftersales.repair.order",
    "aftersales.repair.order.line",
    "aftersales.import.line",
    "aftersales.import.doubt",
)
# Differ between any two imports
_OWN_COLUMNS = {"id", "create_date", "write_date", "date_source"}


def import_in_ways(env, files, ways=("models", "sets")):
    """Import the files, one after the other, into a store for each way.

    :param env: environment of an administrator who may create companies
    :param files: list of bytes
    :param ways: of "models", "sets", "small"
    :return: list of differences between the first way and each other one, in words; empty when there is none
    """
    dumps = {}
    for way in ways:
        # The catalogue of makes is one for all stores: each way begins with the same, so the ways before it are undone.
        savepoint = env.cr.savepoint()
        company = env["res.company"].create({"name": f"Store {way}", "country_id": env.ref("base.cn").id})
        company.resource_calendar_id.tz = "Asia/Shanghai"
        env.user.company_ids |= company
        mine = env(context={"allowed_company_ids": company.ids, bulk.ORM_KEY: way == "models"})
        with (
            patch.object(aftersales_import_batch_mixin, "BATCH", 7 if way == "small" else 1000),
            patch.object(bulk, "THRESHOLD", 1),
        ):
            for content in files:
                imp = mine["aftersales.import"].create(
                    {"file": base64.b64encode(content), "file_name": "export.csv", "company_id": company.id}
                )
                imp.action_apply()
        env.flush_all()
        env.invalidate_all()
        dumps[way] = dump(env, company)
        savepoint.close(rollback=way != ways[-1])
        env.invalidate_all()
        env.registry.clear_cache()
    first, *others = ways
    return [f"{way}: {difference}" for way in others for difference in compare(dumps[first], dumps[way])]


def dump(env, company):
    """Return {model: {key of a record: {column: value}}} of a store, with records named by their place and not by id."""
    ranks, rows = {"res.company": {company.id: "own"}}, {}
    for name in MODELS:
        model = env[name]
        table = SQL.identifier(model._table)
        columns = sorted(field.name for field in model._fields.values() if field.store and field.column_type)
        rows[name] = [
            dict(zip(columns, row, strict=True))
            for row in env.execute_query(
                SQL(
                    "SELECT %s FROM %s WHERE company_id = %s ORDER BY id",
                    SQL(", ").join(map(SQL.identifier, columns)),
                    table,
                    company.id,
                )
            )
        ]
        ranks[name] = {row["id"]: number for number, row in enumerate(rows[name])}
    imports = env["aftersales.import"].search([("company_id", "=", company.id)], order="id")
    ranks["aftersales.import"] = {imp.id: number for number, imp in enumerate(imports)}
    return {name: _by_key(env[name], rows[name], ranks) for name in MODELS}


def _by_key(model, rows, ranks):
    found = {}
    for number, row in enumerate(rows):
        named = {}
        for name, value in row.items():
            if name in _OWN_COLUMNS:
                continue
            field = model._fields[name]
            if field.type == "many2one" and value and field.comodel_name in ranks:
                value = f"{field.comodel_name} {ranks[field.comodel_name].get(value)}"
            elif field.type == "many2one" and value and field.comodel_name.startswith("fleet."):
                value = model.env[field.comodel_name].browse(value).display_name
            named[name] = _without_ids(value)
        if model._name == "aftersales.vehicle.ownership":
            # The plate of the moment when the file was opened: a batch opens it with the last one that it tells
            named.pop("license_plate")
        key = number
        if model._name == "aftersales.vehicle.document":
            key = (named["vehicle_id"], named["type_id"])
        elif model._name in ("aftersales.vehicle.ownership",):
            key = named["vehicle_id"]
        elif model._name == "aftersales.vehicle.odometer":
            key = (named["vehicle_id"], named["date"], named["value"])
        elif model._name == "aftersales.repair.order.line":
            key = (named["order_id"], named["line_type"], named["name"])
        found[key] = named
    return found


def _without_ids(value):
    """Ids within the JSON of a line say nothing to another store, and the catalogue of makes is one for all."""
    if isinstance(value, dict) and not value.get("set") and "made" in value:
        return None
    if isinstance(value, dict):
        return {
            key: _without_ids(item) for key, item in value.items() if key not in ("id", "was", "now", "line", "made")
        }
    if isinstance(value, list):
        return [_without_ids(item) for item in value if not isinstance(item, int)]
    return value


def compare(one, other):
    differences = []
    for model, records in one.items():
        if list(map(str, sorted(records, key=str))) != list(map(str, sorted(other[model], key=str))):
            missing = [key for key in records if key not in other[model]][:2]
            surplus = [key for key in other[model] if key not in records][:2]
            differences.append(f"{model}: {len(records)} and {len(other[model])} records; {missing} {surplus}")
            continue
        for key, values in records.items():
            for name, value in values.items():
                if other[model][key][name] != value:
                    differences.append(f"{model} {key} {name}: {value!r} and {other[model][key][name]!r}")
    return differences[:20]
