"""Of which moment the values of a record are: of an export, or of a correction by hand. Knows records, no models."""

from odoo import fields

#: Context key of the importer, which dates its values by the file; good in the superuser's environment only
IMPORTING_KEY = "aftersales_importing"


def is_importing(records):
    return records.env.su and bool(records.env.context.get(IMPORTING_KEY))


def date_correction(records, vals, date_field, imported_fields):
    """Return the values of a ``write()`` with the moment of the correction when a person corrects what files tell.

    An export that was made before does not bring the old value back. Nobody else writes the date itself.
    """
    if is_importing(records) or not (date_field in vals or imported_fields.intersection(vals)):
        return vals
    return {**vals, date_field: fields.Datetime.now()}
