"""What a row was like when a report was written: the changes since, taken back one by one.

Odoo writes down the earlier value of a tracked field beside the message in the chatter.  Fields that it does not track
cannot be taken back: their rows say by ``write_date`` that something changed.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from .raw import fetch

MODELS = ("aftersales.callback", "aftersales.complaint", "aftersales.repair.order", "aftersales.vehicle")


class Past:
    """The tracked changes of the models that figures count."""

    def __init__(self, cursor: Any) -> None:
        words: dict[tuple[int, str], str] = {}
        for row in fetch(
            cursor,
            """SELECT s.field_id, s.value, s.name FROM ir_model_fields_selection s
                 JOIN ir_model_fields f ON f.id = s.field_id WHERE f.model = ANY(%s)""",
            [list(MODELS)],
        ):
            # A choice is written down by its name in the language of who changed it.
            for name in row.name.values():
                words[row.field_id, name] = row.value
        self._changes: dict[tuple[str, int, str], list[tuple[datetime, Any]]] = defaultdict(list)
        for row in fetch(
            cursor,
            """SELECT f.id AS field_id, f.model, f.name, f.ttype, m.res_id, m.create_date, v.old_value_integer,
                      v.old_value_char, v.old_value_text, v.old_value_datetime
                 FROM mail_tracking_value v
                 JOIN mail_message m ON m.id = v.mail_message_id
                 JOIN ir_model_fields f ON f.id = v.field_id
                WHERE f.model = ANY(%s) AND m.model = f.model ORDER BY v.id""",
            [list(MODELS)],
        ):
            self._changes[row.model, row.res_id, row.name].append((row.create_date, _old_value(row, words)))

    def value(self, model: str, record: Any, name: str, moment: datetime) -> Any:
        """Return the value of a field at a moment: the earlier one of the first change after it, else today's."""
        for changed, old in self._changes.get((model, record.id, name), ()):
            if changed > moment:
                return old
        return getattr(record, name)


def _old_value(row: Any, words: dict[tuple[int, str], str]) -> Any:
    if row.ttype == "selection":
        return words.get((row.field_id, row.old_value_char), row.old_value_char) or None
    if row.ttype == "many2one":
        return row.old_value_integer or None
    if row.ttype == "boolean":
        return bool(row.old_value_integer)
    if row.ttype in ("datetime", "date"):
        return row.old_value_datetime
    if row.ttype == "text":
        return row.old_value_text or None
    return row.old_value_char or None
