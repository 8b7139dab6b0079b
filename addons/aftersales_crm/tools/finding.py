"""Conditions of the search boxes in SQL, so that each of them is one scan of one index."""

from odoo.tools import SQL


def escape_like(text):
    """Return the text as a LIKE pattern that means nothing but itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def sql_holding(model, name, text):
    """Return ``SELECT id`` of the records, archived ones too, whose column `name` holds the text, in any case.

    The bare column: neither record rules nor field access are asked. The caller joins it to a search that asks them.
    """
    unaccent = model.env.registry.unaccent
    return SQL(
        "SELECT id FROM %s WHERE %s ILIKE %s",
        SQL.identifier(model._table),
        unaccent(SQL.identifier(name)),
        unaccent(SQL("%s", f"%{escape_like(text)}%")),
        to_flush=model._fields[name],
    )
