"""What is to change: records as they stand, the values that the rows want, and the list of changes for a person."""

from datetime import timezone

PARTNER, VEHICLE, ORDER = "res.partner", "aftersales.vehicle", "aftersales.repair.order"
MODEL, BRAND = "fleet.vehicle.model", "fleet.vehicle.model.brand"
# Written in this order: each may name one before it
MODELS = (BRAND, MODEL, PARTNER, VEHICLE, ORDER)


class Entry:
    """A record as it stands and the values that the rows want it to have; ``record`` is empty for a new one."""

    __slots__ = ("changes", "model", "new", "record", "vals")

    def __init__(self, model, record, vals=None):
        self.model = model
        self.record = record
        self.new = not record
        self.vals = dict(vals or {})
        self.changes = False

    def get(self, name):
        if name in self.vals:
            return self.vals[name]
        return self.record[name] if self.record else False

    def write_vals(self):
        return {name: value.record.id if isinstance(value, Entry) else value for name, value in self.vals.items()}

    def holds(self, name, value):
        """Tell whether the field has this value already."""
        old = self.get(name)
        if isinstance(old, Entry):
            return old is value
        if hasattr(old, "_name"):
            if isinstance(value, Entry):
                return bool(old) and old == value.record
            return old.ids == ([value] if value else [])
        return old == value or (not old and not value and old is not True)

    def is_in(self, value):
        """Tell whether the value of a many2one field is the record of this entry."""
        if value is self or isinstance(value, Entry):
            return value is self
        return bool(self.record) and value == self.record


class Ledger:
    """The entries of one import and what the rows change on them.

    :param imp: the import, with the rights and in the language of the person
    :param write: whether what is planned will be written
    """

    def __init__(self, imp, write):
        self.imp = imp
        self.company = imp.company_id
        self.tz = self.company._aftersales_tz()
        self.write = write
        # Sudoed: an administrator of imports needs no rights of a service advisor; the uid, and with it
        # "created by", stays his, so that he can never verify a file that he imported.
        # A context of its own: a client's default_… keys must not reach the records.
        self.env = imp.env(
            context={
                "lang": imp.env.lang,
                "allowed_company_ids": self.company.ids,
                "tracking_disable": True,
                "mail_create_nosubscribe": True,
                "mail_create_nolog": True,
            },
            su=True,
        )
        # What the dry run would have created: the real run finds it in the database
        self.planned = {model: {} for model in MODELS}
        # Dry run only: records as they would stand after the rows so far
        self._known = {}

    def entry(self, record):
        """Return the entry of a record; in a dry run with what earlier rows would have written."""
        if self.write:
            return Entry(record._name, record)
        return self._known.setdefault((record._name, record.id), Entry(record._name, record))

    def new(self, model, vals, key=None):
        """Return the entry of a record to create."""
        entry = Entry(model, self.env[model].browse(), vals)
        if not self.write:
            self.planned[model][key or len(self.planned[model])] = entry
        return entry

    def set(self, row, entry, name, value, shown=None):
        """Give the field of a record a value, and put down old and new."""
        if not entry.holds(name, value):
            self.note(row, entry, name, entry.get(name), value, shown)
            entry.vals[name] = value

    def note(self, row, entry, name, old, value, shown=None):
        """Put down that the row changes a value."""
        entry.changes = True
        row.changes.append(
            {
                "model": entry.model,
                "field": name,
                "old": "" if entry.new else self.shown(entry, name, old),
                "new": shown if shown is not None else self.shown(entry, name, value),
                "new_record": entry.new,
            }
        )

    def shown(self, entry, name, value):
        """Return what a person reads for the value of a field."""
        if isinstance(value, Entry):
            return value.get("name") or value.get("license_plate") or value.get("vin") or ""
        if hasattr(value, "_name"):
            return ", ".join(value.mapped("display_name"))
        if value in (None, False, ""):
            return ""
        field = self.env[entry.model]._fields.get(name)
        if field is not None and field.type == "datetime":
            return str(value.replace(tzinfo=timezone.utc).astimezone(self.tz).replace(tzinfo=None))
        if field is not None and field.type == "selection":
            return dict(field._description_selection(self.imp.env)).get(value, value)
        return str(value)

    def label(self, model, name):
        """Return what a person calls the field."""
        return self.env[model].with_env(self.imp.env)._field_label(name)
