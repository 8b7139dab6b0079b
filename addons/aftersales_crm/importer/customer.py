"""What a row means for the cards of the persons: the customer, and who brought the car."""

from ..tools import dms_values
from ..tools.masking import mask_phone
from .ledger import PARTNER
from .record import RecordPlanner
from .vehicle import is_locked


class CustomerPlanner(RecordPlanner):
    """Finds the persons of a row by phone and name, else by name at the same car, and plans their cards."""

    def __init__(self, *rooms):
        super().__init__(*rooms)
        self._doubts = {}
        # What a customer is sent is in the language of the store, not in that of who imports
        lang = self.company.sudo().partner_id.lang
        self._card = {"company_id": self.company.id, **({"lang": lang} if lang else {})}

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
            entry = self._new(row, name, phone)
        if not phone and not entry.get("phone"):
            row.notes.append(self._("The customer's phone is missing: a callback is not possible."))
        street = row.cells.get("partner_street")
        if street and (entry.born is row or not entry.get("street")):
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
            entry = self._find_by_phone(phone, name) or self._find_by_name(row.vehicle, "brought_by_id", name)
        if entry is None or not row.vehicle.holds("brought_by_id", entry):
            if row.vehicle.born is not row and not self.ledger.may_change(row, row.vehicle, "brought_by_id"):
                return
            entry = entry or self._decided(row, name, phone) or self._new(row, name, phone)
        row.brought_by = entry
        self.ledger.set(row, row.vehicle, "brought_by_id", entry)

    def _find(self, row, name, phone):
        entry = self._find_by_phone(phone, name, row)
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
        return entry or self._decided(row, name, phone)

    def _find_by_phone(self, phone, name, row=None):
        """Return the person with this phone and, when it is known, this name.

        Of several the one who stands on the car or the order already; else the first, and a person is asked.
        """
        entries = self.register.partners_by_phone.get(phone, ()) if phone else ()
        found = [entry for entry in entries if not name or self._is_called(entry, name)]
        if len(found) < 2:
            return found[0] if found else None
        known = [row.vehicle.get("partner_id")] if row is not None and row.vehicle is not None else []
        known += [row.order.get("partner_id")] if row is not None and row.order is not None else []
        for entry in found:
            if any(value and entry.is_in(value) for value in known):
                return entry
        if row is not None:
            decided = self.register.decision(phone, name)
            if decided is not None:
                return decided
            self._doubt(row, name or found[0].get("name"), phone, found[0], found)
        return found[0]

    def _find_by_name(self, document, field, name):
        """Return the person that stands on the document already, when he has this name."""
        current = document.get(field) if document is not None else None
        entry = self.register.partner_entry(current) if current else None
        return entry if entry is not None and self._is_called(entry, name) else None

    def _decided(self, row, name, phone):
        """Return the person whom somebody has chosen for this phone and name, None when nobody has."""
        return self.register.decision(phone, name) if phone and name else None

    def _is_called(self, entry, name):
        return dms_values.normalize_name(entry.get("name")) == name

    def _new(self, row, name, phone):
        entry = self.ledger.new(row, PARTNER, {**self._card, "name": name})
        others = self.register.partners_by_phone.get(phone, ()) if phone else ()
        if others:
            # The number is another person's: perhaps the wife's, perhaps the same one under another name
            self._doubt(row, name, phone, entry, list(others))
        if phone:
            self._set_phone(row, entry, phone)
        return entry

    def _set_phone(self, row, entry, phone):
        if self.ledger.set(row, entry, "phone", phone):
            self.register.add_phone(phone, entry)

    # ------------------------------------------------------------
    # DOUBTS
    # ------------------------------------------------------------

    def _doubt(self, row, name, phone, entry, candidates):
        if self.register.is_asked(phone, name):
            return
        self._doubts[(phone, name)] = (row, entry, candidates)
        row.notes.append(
            self._(
                "Is %(name)s (phone %(phone)s) the same person as %(others)s? Please decide; until then each has a card.",
                name=name,
                phone=mask_phone(phone),
                others=", ".join(dict.fromkeys(candidate.get("name") for candidate in candidates[:3])),
            )
        )

    def take_doubts(self):
        """Return the doubts of the batch that was written: [(phone, name, row number, card, candidates)]."""
        doubts = [
            (phone, name, row.number, entry.record, [candidate.record for candidate in candidates])
            for (phone, name), (row, entry, candidates) in self._doubts.items()
            if not row.errors
        ]
        self._doubts = {}
        return doubts
