"""What is to change: records as they stand, the values that the rows want, and the list of changes for a person."""

from datetime import date, datetime, timezone

from ..tools import bulk
from ..tools.dating import IMPORTING_KEY

PARTNER, VEHICLE, ORDER = "res.partner", "aftersales.vehicle", "aftersales.repair.order"
MODEL, BRAND = "fleet.vehicle.model", "fleet.vehicle.model.brand"
# Written in this order: each may name one before it
MODELS = (BRAND, MODEL, PARTNER, VEHICLE, ORDER)
# Field of a record that says of which moment its values are: the newest export, or the last correction by hand
SOURCE_DATE = {PARTNER: "aftersales_source_date", VEHICLE: "source_date", ORDER: "source_date"}


class Entry:
    """A record as it stands and the values that the rows want it to have; ``record`` is empty for a new one.

    ``born`` is the row that wants a new record, ``newer`` the moment of the record's values when it is later than the one
    of the file.
    """

    __slots__ = ("born", "model", "new", "newer", "record", "vals")

    def __init__(self, model, record, vals=None, born=None, newer=None):
        self.model = model
        self.record = record
        self.new = born is not None
        self.vals = vals if vals is not None else {}
        self.born = born
        self.newer = newer

    def get(self, name):
        vals = self.vals
        if name in vals:
            return vals[name]
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
    :param as_of: the moment of which the file tells
    """

    def __init__(self, imp, as_of):
        self.imp = imp
        self.company = imp.company_id
        self.tz = self.company._aftersales_tz()
        # The moment of which the file tells; without one it is as new as anything
        self.as_of = as_of
        # Sudoed: an administrator of imports needs no rights of a service advisor; the uid, and with it
        # "created by", stays his, so that he can never verify a file that he imported.
        # A context of its own: a client's default_… keys must not reach the records.
        self.env = imp.env(context=self.context(imp), su=True)
        self.empty = {model: self.env[model].browse() for model in MODELS}

    @staticmethod
    def context(imp):
        return {
            "lang": imp.env.lang,
            "allowed_company_ids": imp.company_id.ids,
            "tracking_disable": True,
            "mail_create_nosubscribe": True,
            "mail_create_nolog": True,
            IMPORTING_KEY: True,
            bulk.ORM_KEY: bool(imp.env.context.get(bulk.ORM_KEY)),
        }

    def entry(self, record):
        """Return the entry of a record."""
        name = SOURCE_DATE.get(record._name)
        moment = record[name] if name else None
        return Entry(record._name, record, newer=moment if self.as_of and moment and moment > self.as_of else None)

    def new(self, row, model, vals):
        """Return the entry of a record to create for the row."""
        if model in SOURCE_DATE:
            vals[SOURCE_DATE[model]] = self.as_of
        row.made = True
        return Entry(model, self.empty[model], vals, born=row)

    def set(self, row, entry, name, value, shown=None):
        """Give the field of a record a value, and put down old and new.

        What a newer export, or a person since, has said stands.

        :return: whether the record has the value now
        """
        if entry.born is row:
            if value or entry.vals.get(name):
                entry.vals[name] = value
            return True
        if entry.holds(name, value):
            return True
        if not self.may_change(row, entry, name):
            return False
        self.note(row, entry, name, entry.get(name), value, shown)
        entry.vals[name] = value
        return True

    def may_change(self, row, entry, name):
        """Tell whether the file may change the value of the field; a value that is younger than the file stays."""
        if not entry.newer or entry.get(name) in (False, None, "", 0):
            return True
        row.kept.setdefault(entry.newer, []).append((entry.model, name))
        return False

    def note(self, row, entry, name, old, value, shown=None):
        """Put down that the row changes a value."""
        if entry.born is row:
            return
        row.changes.append(
            {
                "entry": entry,
                "field": name,
                "old": self.shown(entry, name, old),
                "new": shown if shown is not None else self.shown(entry, name, value),
                "was": self.raw(old),
                "value": value,
            }
        )

    @staticmethod
    def raw(value):
        """Return a value as it is kept for an undoing of the import."""
        if isinstance(value, Entry):
            return None  # named by a row of the same import, which makes it anew or not at all
        if hasattr(value, "_name"):
            return value.ids
        if isinstance(value, datetime | date):
            return str(value)
        return value

    def raw_now(self, entry, name, value):
        """Return the value that a row gave to a field, in the form of `raw`."""
        if isinstance(value, Entry):
            return value.record.ids
        field = self.env[entry.model]._fields[name]
        return [value] if field.type == "many2one" and value else self.raw(value)

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
            return str(self.local(value))
        if field is not None and field.type == "selection":
            return dict(field._description_selection(self.imp.env)).get(value, value)
        return str(value)

    def local(self, moment):
        """Return a moment as the store's clock shows it."""
        return moment.replace(tzinfo=timezone.utc).astimezone(self.tz).replace(tzinfo=None)

    def label(self, model, name):
        """Return what a person calls the field."""
        model = self.env[model].with_env(self.imp.env)
        field = model._fields.get(name)
        return field.get_description(model.env, ["string"])["string"] if field else name
