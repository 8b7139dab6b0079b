"""Which records the rows may name."""

from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

from ..tools import dms_values
from ..tools.finding import ids_holding_one_of
from .ledger import BRAND, MODEL, ORDER, PARTNER, VEHICLE, Entry


class Register:
    """The records that a batch of rows may name, by what the rows call them.

    Filled anew for each batch with one query for each kind of record.
    """

    def __init__(self, ledger):
        self.ledger = ledger
        self.env = ledger.env
        self.company = ledger.company

    def load(self, texts):
        """Load what the texts may name.

        :param texts: {target of a column: set of the texts of its cells}
        """
        self.vehicle_by_vin, self.vehicle_by_plate, self.order_by_name = {}, {}, {}
        self.partners_by_phone, self._partner_entries = {}, {}
        self.users_by_name = {}
        self.brands, self.models = {}, {}
        vehicles, orders = self._load_visits(texts)
        self._load_partners(texts, vehicles.partner_id | vehicles.brought_by_id | orders.partner_id)
        self._load_users(texts)
        self._load_models(texts)

    def add_vehicle(self, entry, plate_before=None):
        """Put a car down under its numbers; a plate that it gave up is free."""
        moved = plate_before and plate_before != entry.get("license_plate")
        if moved and self.vehicle_by_plate.get(plate_before) is entry:
            del self.vehicle_by_plate[plate_before]
        if entry.get("vin"):
            self.vehicle_by_vin.setdefault(entry.get("vin"), entry)
        if entry.get("license_plate"):
            self.vehicle_by_plate.setdefault(entry.get("license_plate"), entry)

    def add_partner(self, entry):
        if entry.record:
            self._partner_entries[entry.record] = entry
        self.add_phone(dms_values.normalize_phone(entry.get("phone") or ""), entry)

    def decision(self, phone, name):
        """Return the person whom somebody has named for this phone and name, None when nobody has."""
        return self._decisions.get((phone, name))

    def is_asked(self, phone, name):
        """Tell whether it has been asked already who this phone and name are, and which card is meant."""
        return (phone, name) in self._asked

    def add_phone(self, phone, entry):
        if phone:
            self.partners_by_phone.setdefault(phone, []).append(entry)

    def add_model(self, brand_key, name, entry):
        """Put down a model under its brand, and under its name alone when no other one has it."""
        self.models.setdefault((brand_key, dms_values.fold(name)), entry)
        self.models.setdefault((None, dms_values.fold(name)), entry)

    def partner_entry(self, current):
        """Return the entry behind the value of a many2one field."""
        return current if isinstance(current, Entry) else self._partner_entries.get(current)

    def _load_visits(self, texts):
        cars = self.env[VEHICLE]
        vehicles = self._search_own(cars, "vin", texts.get("vin", ()), "active")
        vehicles |= self._search_own(cars, "license_plate", texts.get("license_plate", ()), "active")
        names = texts.get("order_name", set()) | texts.get("comeback_of", set())
        orders = self._search_own(self.env[ORDER], "name", names)
        vehicles |= orders.vehicle_id
        for vehicle in vehicles.filtered("active"):
            self.add_vehicle(self.ledger.entry(vehicle))
        self.order_by_name.update({order.name: self.ledger.entry(order) for order in orders})
        return vehicles, orders

    def _search_own(self, model, name, values, *flags):
        """Return the records of the store whose number is one of the values.

        :param flags: names of boolean fields that are set on the records meant
        """
        condition = SQL(
            "own.company_id = %s %s",
            self.company.id,
            SQL("").join(SQL("AND own.%s", SQL.identifier(flag), to_flush=model._fields[flag]) for flag in flags),
            to_flush=model._fields["company_id"],
        )
        return model.search(Domain("id", "in", ids_holding_one_of(model, name, values, condition)))

    def _search_partners(self, phones):
        """Return the persons of the store, and of no store, who have one of the phones in a form that machines write."""
        partners = self.env[PARTNER]
        forms = [form for phone in phones for form in (phone, f"+86{phone}", f"+86 {phone}")]
        condition = SQL(
            "(own.company_id IS NULL OR own.company_id = %s)",
            self.company.id,
            to_flush=partners._fields["company_id"],
        )
        ids = [
            id_ for name in ("phone", "phone_sanitized") for id_ in ids_holding_one_of(partners, name, forms, condition)
        ]
        return partners.search(Domain("id", "in", ids))

    def _load_partners(self, texts, partners):
        """Load the persons of the phones, besides those that the cars and orders name already."""
        phones = {
            dms_values.normalize_phone(text)
            for target in ("partner_phone", "brought_by_phone")
            for text in texts.get(target, ())
        } - {None}
        for partner in self._search_partners(phones) | partners:
            self.add_partner(self.ledger.entry(partner))
        self._load_decisions(phones)

    def _load_decisions(self, phones):
        """Load whom somebody has told apart, or said to be the same, and what is still asked."""
        self._decisions, self._asked = {}, set()
        for doubt in self.env["aftersales.import.doubt"].search(
            [("company_id", "=", self.company.id), ("phone", "in", list(phones))]
        ):
            if doubt.partner_id or doubt.state == "same":
                self._asked.add((doubt.phone, doubt.name))
            chosen = doubt.chosen_id or doubt.partner_id
            if chosen:
                entry = self._partner_entries.get(chosen)
                if entry is None:
                    entry = self._partner_entries[chosen] = self.ledger.entry(chosen)
                self._decisions[doubt.phone, doubt.name] = entry

    def _load_users(self, texts):
        names = {
            dms_values.normalize_name(name)
            for target in ("advisor", "technicians")
            for text in texts.get(target, ())
            for name in dms_values.split_names(text)
        }
        for user in self.env["res.users"].search(
            [("name", "in", list(names)), ("company_ids", "in", self.company.ids), ("share", "=", False)]
        ):
            self.users_by_name.setdefault(user.name, []).append(user)

    def _load_models(self, texts):
        if not (texts.get("model") or texts.get("brand")):
            return
        for brand in self.env[BRAND].search([]):
            self.brands.setdefault(dms_values.fold(brand.name), Entry(BRAND, brand))
        wanted = {dms_values.normalize_name(text) for text in texts.get("model", ())}
        for model in self.env[MODEL].search(
            Domain.OR(Domain("name", "=ilike", escape_psql(name)) for name in sorted(wanted))
        ):
            self.add_model(dms_values.fold(model.brand_id.name), model.name, Entry(MODEL, model))
