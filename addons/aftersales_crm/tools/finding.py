"""Conditions of the search boxes in SQL, so that each of them is one scan of one index."""

import re

from odoo.tools import SQL


def escape_like(text):
    """Return the text as a LIKE pattern that means nothing but itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def name_grams(text):
    """Return the beginnings of all ends of a name, so that one or two characters of it are found by an index too.

    A trigram index knows a fragment of three characters, or the beginning of a word. Chinese names have two or three
    characters, so every character is made the beginning of a word: ``王秀英`` becomes ``王秀英 秀英 英``.
    """
    text = "".join((text or "").split()).lower()
    return " " + " ".join(text[start : start + 3] for start in range(len(text))) if text else None


def is_name_only(text):
    """Whether no plate, VIN or engine number holds the text: two Chinese characters stand side by side in it."""
    return re.search(r"[\u3400-\u9fff]{2}", text) is not None


def sql_holding(model, columns):
    """Return ``SELECT id`` of the records, archived ones too, one of whose columns holds the text, in any case.

    :param columns: {name of the column: the text as that column writes it}

    The bare columns: neither record rules nor field access are asked. The caller joins it to a search that asks them.
    A text of three characters is one scan of an index for each column, a shorter one is one scan of the table.
    """
    unaccent = model.env.registry.unaccent
    conditions = [
        SQL(
            "%s ILIKE %s",
            unaccent(SQL.identifier(name)),
            unaccent(SQL("%s", f"%{escape_like(text)}%")),
            to_flush=model._fields[name],
        )
        for name, text in columns.items()
    ]
    if any(len(text) < 3 for text in columns.values()):
        conditions = [SQL("(%s)", SQL(" OR ").join(conditions))]
    table = SQL.identifier(model._table)
    return [SQL("SELECT id FROM %s WHERE %s", table, condition) for condition in conditions]


def ids_holding_one_of(model, name, values, condition):
    """Return the ids of the records whose field is one of many values, each found by the field's B-tree index.

    PostgreSQL thinks that a trigram index answers ``=`` cheaply; it takes ten milliseconds a value in a table of 100,000
    rows, and more in a larger one. Such an index is read into bitmaps only: without them the B-tree index is the cheapest.

    :param str name: a stored text field with a B-tree index
    :param values: iterable of texts
    :param SQL condition: of the table ``own``, in the words of the index where it is a partial one

    Neither record rules nor field access are asked.
    """
    values = sorted(set(values))
    if not values:
        return []
    query = SQL(
        "SELECT own.id FROM unnest(%s::text[]) AS wanted(value) JOIN %s AS own ON own.%s = wanted.value WHERE %s",
        values,
        SQL.identifier(model._table),
        SQL.identifier(name, to_flush=model._fields[name]),
        condition,
    )
    model.env.flush_query(query)
    cr = model.env.cr
    cr.execute("SELECT current_setting('enable_bitmapscan'), set_config('enable_bitmapscan', 'off', TRUE)")
    before = cr.fetchone()[0]
    cr.execute(query)
    ids = [row[0] for row in cr.fetchall()]
    cr.execute("SELECT set_config('enable_bitmapscan', %s, TRUE)", [before])
    return ids
