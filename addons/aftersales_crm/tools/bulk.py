"""Many records of a model at once: COPY and set-based SQL for the columns, the models' own code for the rules.

`create` does for thousands of records what `create()` of the model does for each of them, and nothing else. What a model
computes from the values of one record it tells as *rules* (`_bulk_rules`), so that the value goes in with the row; every
other stored computed field is left to the ORM, as are the Python constraints and what other records derive from the new
ones. Where a model says nothing, or where somebody else's code stands in the way of `create()`, the ORM does it all: the
fast way never knows better than the models.

A model that may be written in bulk has, by `_inherit`:

`_bulk_create_covered()`
    set of ``module.path.Class`` whose ``create()`` does nothing that the rules and `_bulk_created` do not do
`_bulk_fields()`
    frozenset of the field names that may be given; with any other one the ORM does the work
`_bulk_rules(vals_list)`
    dict of {stored computed field: function(vals, id) -> value, or the value itself}. A rule counts only while the
    compute method is the addon's own or core's one that it stands for.
`_bulk_prepare(vals_list)`, `_bulk_created(records, vals_list)`
    what ``create()`` does before and after, for all the records together
"""

import functools
import io
import re
from collections import defaultdict
from datetime import date, datetime
from types import NoneType

from odoo.fields import Command
from odoo.models import BaseModel
from odoo.tools import SQL, float_repr

# Below this number of records the ORM is as fast
THRESHOLD = 8
#: Context key with which the importer asks for the models' own way, for a comparison of the two
ORM_KEY = "aftersales_bulk_orm"

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_TO_ESCAPE = re.compile(r"[\\\n\r\t]").search
_SAFE_MODULES = (
    "odoo.addons.aftersales_crm.",
    "odoo.addons.base.",
    "odoo.addons.mail.",
    "odoo.addons.phone_validation.",
)
_CORE = {
    "odoo.orm.models.BaseModel",
    "odoo.addons.mail.models.mail_thread.MailThread",
    "odoo.addons.aftersales_crm.models.aftersales_protected_mixin.AftersalesProtectedMixin",
}


# ------------------------------------------------------------
# ROWS
# ------------------------------------------------------------


def copy_text(value):
    """Return the value as COPY reads it."""
    if value is None:
        return "\\N"
    if value is True:
        return "t"
    if value is False:
        return "f"
    if isinstance(value, str):
        # Few texts have anything to escape, and going through each character takes ten times as long
        return value.translate(_ESCAPES) if _TO_ESCAPE(value) else value
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, int | float | date):
        return str(value)
    if hasattr(value, "dumps"):  # psycopg2's Json
        return value.dumps(value.adapted).translate(_ESCAPES)
    raise TypeError(f"COPY cannot write {type(value).__name__}")


def copy_columns(env, table, columns):
    """Write a table's rows with one COPY.

    :param columns: {name of the column: list of its Python values}, all of one length
    """
    lines = map("\t".join, zip(*map(_column_texts, columns.values()), strict=True))
    names = SQL(", ").join(map(SQL.identifier, columns))
    query = SQL("COPY %s (%s) FROM STDIN", SQL.identifier(table), names)
    env.cr.copy_expert(query.code, io.StringIO("".join([f"{line}\n" for line in lines])))


def _column_texts(values):
    """Return the texts of a column as COPY reads them: of one kind mostly, and often the same in all the rows."""
    kinds = set(map(type, values))
    if len(kinds) == 1 and values.count(values[0]) == len(values):
        return [copy_text(values[0])] * len(values)
    if kinds == {int}:
        return list(map(str, values))
    if kinds <= {str, NoneType} and not _TO_ESCAPE("".join(filter(None, values))):
        return ["\\N" if value is None else value for value in values]
    return list(map(copy_text, values))


def next_ids(env, table, count):
    """Return so many new ids of a table, in their order."""
    [(sequence,)] = env.execute_query(SQL("SELECT pg_get_serial_sequence(%s, 'id')", table))
    rows = env.execute_query(SQL("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", sequence, count))
    return [row[0] for row in rows]


# ------------------------------------------------------------
# CREATE
# ------------------------------------------------------------


def is_bulk_safe(model, names):
    """Tell whether nothing but known code would take part in the creation of records with these fields."""
    if not hasattr(model, "_bulk_fields") or not model.env.su or model.env.context.get(ORM_KEY):
        return False
    if not model.env.context.get("tracking_disable") and hasattr(model, "message_ids"):
        return False
    covered = _CORE | model._bulk_create_covered()
    for cls in type(model).mro():
        if "create" in vars(cls) and f"{cls.__module__}.{cls.__name__}" not in covered:
            return False
    return model._bulk_fields().issuperset(names)


def create(model, vals_list, protected=False):
    """Create records, set-based where that is safe.

    :param model: an empty recordset in the environment to write with
    :param vals_list: values as for ``create()``
    :param protected: whether protected fields are among them (`_create_protected`)
    :return: the records, in the order of the values
    """
    names = {name for vals in vals_list for name in vals}
    if len(vals_list) < THRESHOLD or not is_bulk_safe(model, names) or not (protected or _is_open(model, names)):
        return model._create_protected(vals_list) if protected else model.create(vals_list)
    return _Creation(model, vals_list).run()


def _is_open(model, names):
    """Tell whether anybody may give these fields: what is protected, the ORM refuses with its sentence."""
    if not hasattr(model, "_protected_field_names"):
        return True
    return not model._protected_append_only and model._protected_field_names().isdisjoint(names)


class _Creation:
    def __init__(self, model, vals_list):
        self.model = model
        self.env = model.env
        self.fields = model._fields
        self.vals_list = [dict(vals) for vals in vals_list]

    def run(self):
        model = self.model
        model._bulk_prepare(self.vals_list)
        ids = next_ids(self.env, model._table, len(self.vals_list))
        records = model.browse(ids)
        commands = self._take_commands()
        self._fill(ids)
        self._copy(ids)
        given = self.constants.keys() | {name for vals in self.vals_list for name in vals}
        protected, computed = [], []
        for field in self.fields.values():
            if not (field.compute and field.store and field.column_type):
                continue
            ids_given = ids
            if field.name not in self.constants:
                ids_given = [id_ for id_, vals in zip(ids, self.vals_list, strict=True) if field.name in vals]
            if ids_given:
                protected.append(((field,), model.browse(ids_given)))
            if len(ids_given) < len(ids):
                computed.append((field, records - model.browse(ids_given)))
        self._forget_inverses(given)
        with self.env.protecting(protected):
            for field, lacking in computed:
                self.env.add_to_compute(field, lacking)
            records.modified(given, create=True)
            self._run_commands(records, commands)
            model._bulk_created(records, self.vals_list)
        records._validate_fields(given)
        self._check_company(records, given)
        check_company(records, commands)
        return records

    def _check_company(self, records, given):
        """Check the companies of linked records by what was given, without reading it from each record again."""
        if not self.model._check_company_auto:
            return
        company = self.constants.get("company_id")
        for name in given:
            field = self.fields[name]
            if field.type != "many2one" or not field.check_company or field.company_dependent:
                continue
            linked, constant = defaultdict(set), self.constants.get(name)
            for vals in self.vals_list:
                linked[vals.get("company_id", company)].add(vals.get(name, constant))
            for company_id, ids in linked.items():
                if not _is_in_company(
                    records.env[field.comodel_name].browse(filter(None, ids)),
                    records.env["res.company"].browse(company_id),
                ):
                    records._check_company([name])

    def _forget_inverses(self, given):
        """Lists of records that were read before lack the new ones."""
        for name in given:
            field = self.fields[name]
            if field.type == "many2one":
                for inverse in self.model.pool.field_inverses[field]:
                    ids = {vals[name] for vals in self.vals_list if vals.get(name)}
                    self.env[field.comodel_name].browse(ids).invalidate_recordset([inverse.name], flush=False)

    def _take_commands(self):
        """Take the values of x2many fields out of the values: {name: [commands of each record]}."""
        commands = {}
        for name in {name for vals in self.vals_list for name in vals}:
            if not self.fields[name].column_type:
                commands[name] = [vals.pop(name, None) or () for vals in self.vals_list]
        return commands

    def _fill(self, ids):
        """Add defaults and rules to the values."""
        model = self.model
        rules = {
            name: rule
            for name, rule in model._bulk_rules(self.vals_list).items()
            if name in self.fields and _is_own_compute(model, self.fields[name])
        }
        always = set(self.vals_list[0]).intersection(*self.vals_list)
        known = always | set(rules)
        defaults = {
            name: self.fields[name].convert_to_write(value, model) if isinstance(value, BaseModel) else value
            for name, value in model._add_missing_default_values(dict.fromkeys(known)).items()
            if name not in known and self.fields[name].store and self.fields[name].column_type
        }
        # The same in all the records that do not give it
        self.constants = {**defaults, **{name: rule for name, rule in rules.items() if not callable(rule)}}
        callables = [(name, rule) for name, rule in rules.items() if callable(rule)]
        for id_, vals in zip(ids, self.vals_list, strict=True):
            for name, rule in callables:
                if name not in vals:
                    vals[name] = rule(vals, id_)

    def _copy(self, ids):
        model = self.model
        columns = {"id": ids}
        if model._log_access:
            now = self.env.cr.now()
            log = {"create_uid": self.env.uid, "write_uid": self.env.uid, "create_date": now, "write_date": now}
            columns |= {name: [value] * len(ids) for name, value in log.items()}
        named = {name for vals in self.vals_list for name in vals}
        for name in sorted(self.constants.keys() | named):
            field = self.fields[name]
            if not field.store:
                continue
            constant = self.constants.get(name)
            if name in named:
                values = [vals.get(name, constant) for vals in self.vals_list]
                columns[name] = _read_column(model, field, values, {**self.constants, **self.vals_list[0]})
            else:
                columns[name] = _read_column(model, field, [constant], self.constants) * len(ids)
        copy_columns(self.env, model._table, columns)
        self._remember(model.browse(ids), columns)

    def _remember(self, records, columns):
        """Put what was written into the cache, as ``create()`` does: nobody reads it back from the database."""
        nothing = [None] * len(records)
        for field in self.fields.values():
            if not field.store or not field.column_type or field.translate or field.company_dependent:
                continue
            if field.type in ("properties", "properties_definition", "html", "json", "reference"):
                continue
            column = columns.get(field.name, nothing)
            if field.type in ("monetary", "float"):
                column = [None if value is None else float(value) for value in column]
            field._insert_cache(records, column)

    def _run_commands(self, records, commands):
        for name, lists in commands.items():
            field = self.fields[name]
            if field.type == "one2many":
                children = [
                    {**command[2], field.inverse_name: id_}
                    for id_, own in zip(records._ids, lists, strict=True)
                    for command in own
                ]
                if children:
                    create(self.env[field.comodel_name], children)
            else:
                pairs = [
                    (id_, other)
                    for id_, own in zip(records._ids, lists, strict=True)
                    for command in own
                    for other in (command[2] if command[0] == Command.SET else [command[1]])
                ]
                if pairs:
                    own, others = map(list, zip(*dict.fromkeys(pairs), strict=True))
                    copy_columns(self.env, field.relation, {field.column1: own, field.column2: others})
                    records.modified([name], create=True)


def _is_own_compute(model, field):
    """Tell whether the value of the field is computed by the one method that the rule stands for."""
    if field.related or not isinstance(field.compute, str):
        return field.related is not None
    owners = [cls for cls in type(model).mro() if field.compute in vars(cls)]
    return len(owners) == 1 and owners[0].__module__.startswith(_SAFE_MODULES)


def _read_column(model, field, values, sample):
    """Return a column's values as the ORM would write them."""
    if field.type in ("many2one", "date", "datetime") and not field.company_dependent:
        return [value or None for value in values]
    read = _converter(model, field, sample)
    return [None if value is None else read(value) for value in values]


def _converter(model, field, sample):
    """Return the function that makes a column's value, as the ORM would."""
    kind = field.type
    if field.translate or field.company_dependent:
        return lambda value: field.convert_to_column_insert(value, model)
    if kind in ("char", "text", "selection") and not getattr(field, "size", None):
        return lambda value: None if value is False else value
    if kind == "many2one":
        return lambda value: value or None
    if kind == "integer":
        return int
    if kind == "boolean":
        return bool
    if kind in ("date", "datetime"):
        return lambda value: value or None
    if kind == "monetary":
        # Records of one bulk are of one store, hence of one currency
        currency = _currency(model, field, sample)
        places = currency.decimal_places
        # Many amounts are the same, and rounding one takes longer than finding it again
        return functools.cache(lambda value: float_repr(currency.round(float(value or 0.0)), places))
    return lambda value: field.convert_to_column_insert(value, model)


def _currency(model, field, sample):
    company = sample.get("company_id") or model.env.company.id
    return model.env["res.company"].browse(company).currency_id


def check_company(records, names):
    """Check the companies of linked records, each linked record once.

    :raises UserError: the ORM's own, with the records that it finds
    """
    if not records._check_company_auto:
        return
    for name in names:
        field = records._fields[name]
        if not field.relational or not field.check_company or field.company_dependent:
            continue
        for company, group in records.grouped("company_id").items():
            others = group.sudo()[name] if field.type == "many2one" else group.sudo().mapped(name)
            if not _is_in_company(others, company):
                records._check_company([name])


def _is_in_company(records, company):
    """Tell whether a record of the company may name these records."""
    domain = records._check_company_domain(company) if records else None
    return not domain or records == records.with_context(active_test=False).filtered_domain(domain)


# ------------------------------------------------------------
# WRITE
# ------------------------------------------------------------


def is_write_safe(records, covered):
    """Tell whether nothing but known code would take part in a ``write()``."""
    if not records.env.su or records.env.context.get(ORM_KEY) or not records.env.context.get("tracking_disable"):
        return False
    covered = covered | _CORE
    return all(f"{cls.__module__}.{cls.__name__}" in covered for cls in type(records).mro() if "write" in vars(cls))


def write(records, vals_list):
    """Write other values to each record, in sets; the caller has seen to it that no rule of ``write()`` is passed by.

    Dependent fields, the Python constraints and the companies are the ORM's as ever.
    """
    if not records:
        return
    fields = records._fields
    by_names = defaultdict(list)
    for record, vals in zip(records, vals_list, strict=True):
        by_names[tuple(sorted(vals))].append((record.id, vals))
    for names, pairs in by_names.items():
        group = records.browse([id_ for id_, _vals in pairs])
        readers = {name: _converter(group.browse(), fields[name], {}) for name in names}
        computed = [fields[name] for name in names if fields[name].compute]
        with group.env.protecting(computed, group):
            group.modified(names, before=True)
            # By way of the cache: what else is written to these records goes out with it, in one UPDATE
            for name in names:
                field, read = fields[name], readers[name]
                for inverse in records.pool.field_inverses[field]:
                    inverse._invalidate_cache(records.env)
                to_cache = float if field.type in ("monetary", "float") else (lambda value: value)
                for id_, vals in pairs:
                    value = None if vals[name] is None else read(vals[name])
                    field._update_cache(group.browse((id_,)), None if value is None else to_cache(value), dirty=True)
            group.modified(names)
    names = {name for vals in vals_list for name in vals}
    records._validate_fields(names)
    check_company(records, names)


def refresh_statistics(env, models):
    """Let PostgreSQL look at tables that have grown by many rows: with statistics of small tables, and with the plans of
    its own checks of foreign keys made then, each row of a large one costs what the whole table costs.
    """
    for name in models:
        env.cr.execute(SQL("ANALYZE (SKIP_LOCKED) %s", SQL.identifier(env[name]._table)))
