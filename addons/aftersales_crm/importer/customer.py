"""What a row means for the cards of the persons: the customer, and who brought the car."""

from ..tools import dms_values
from .ledger import PARTNER
from .record import RecordPlanner
from .vehicle import is_locked


class CustomerPlanner(RecordPlanner):
    """Finds the persons of a row by phone and name, else by name at the same car, and plans their cards."""

    def plan(self, row):
        """Return the customer of the row, None when the row names nobody."""
        if "partner_name" not in self.cells.columns and "partner_phone" not in self.cells.columns:
            return None
        name = self.cells.name(row, "partner_name")
        phone = self.cells.value(row, "partner_phone", "phone")
        if not name and not phone:
            if row.order is None or not row.order.get("partner_id"):
                row.notes.append(self._("The customer is missing: nobody can be called back."))
            return None
        entry = self._find(row, name, phone)
        if entry is None:
            if not name:
                name = self._(
                    "Customer of %(car)s", car=row.cells.get("license_plate") or row.cells.get("vin") or phone
                )
                row.notes.append(self._("The customer's name is missing."))
            entry = self._new(row, name, phone, row.cells.get("vin") or row.cells.get("license_plate"))
        if not phone and not entry.get("phone"):
            row.notes.append(self._("The customer's phone is missing: a callback is not possible."))
        street = row.cells.get("partner_street")
        if street and (entry.new or not entry.get("street")):
            self.ledger.set(row, entry, "street", street)
        return entry

    def plan_brought_by(self, row):
        """Put down who brought the car; the customer himself when the name is his."""
        name = self.cells.name(row, "brought_by_name")
        phone = self.cells.value(row, "brought_by_phone", "phone")
        if not name:
            return
        entry = row.partner
        if entry is None or not self._is_called(entry, name):
            entry = (
                self._find_by_phone(phone, name)
                or self._find_by_name(row.vehicle, "brought_by_id", name)
                or self._new(row, name, phone, row.vehicle.get("vin"))
            )
        self.ledger.set(row, row.vehicle, "brought_by_id", entry)

    def _find(self, row, name, phone):
        entry = self._find_by_phone(phone, name)
        if entry:
            return entry
        # The same name at the same car is the same person, with another phone or with none
        entry = self._find_by_name(row.vehicle, "partner_id", name) or self._find_by_name(row.order, "partner_id", name)
        if entry and phone:
            if entry.get("phone") and row.vehicle is not None and is_locked(row.vehicle):
                row.notes.append(
                    self._(
                        "The phone differs from the one on the customer's card. The vehicle file is locked: ask the "
                        "customer and correct the card. The cell was left out."
                    )
                )
            else:
                self._set_phone(row, entry, phone)
        return entry

    def _find_by_phone(self, phone, name):
        """Return the person with this phone and, when it is known, this name."""
        entries = self.register.partners_by_phone.get(phone, ()) if phone else ()
        return next((entry for entry in entries if not name or self._is_called(entry, name)), None)

    def _find_by_name(self, document, field, name):
        """Return the person that stands on the document already, when he has this name."""
        current = document.get(field) if document is not None else None
        entry = self.register.partner_entry(current) if current else None
        return entry if entry is not None and self._is_called(entry, name) else None

    def _is_called(self, entry, name):
        return dms_values.normalize_name(entry.get("name")) == name

    def _new(self, row, name, phone, car):
        entry = self.ledger.new(PARTNER, {"company_id": self.company.id, "name": name}, (phone or car, name))
        self.ledger.note(row, entry, "name", False, name)
        if phone:
            self._set_phone(row, entry, phone)
        return entry

    def _set_phone(self, row, entry, phone):
        self.ledger.set(row, entry, "phone", phone)
        self.register.add_phone(phone, entry)
