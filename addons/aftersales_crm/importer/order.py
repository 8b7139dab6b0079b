"""What a row means for the repair order."""

from odoo import fields
from odoo.fields import Command

from ..tools import dms_values
from .ledger import ORDER
from .record import RecordPlanner

# Target of a column, named as the field of the order -> (way to read it, whether an unreadable cell refuses the row)
ORDER_CELLS = {
    "date_in": ("datetime", True),
    "date_promised": ("datetime", False),
    "date_out": ("datetime", True),
    "odometer": ("integer", False),
    "kind": ("word", False),
    "customer_words": ("text", False),
    "amount_work": ("number", False),
    "amount_part": ("number", False),
    "amount_total": ("number", False),
    "settlement_number": ("text", False),
    "declined_advice": ("text", False),
    "callback_consent": ("word", False),
    "callback_time": ("word", False),
    "callback_phone": ("phone", False),
    "works": ("text", False),
    "parts": ("text", False),
}
# Two lines at most come from one row: (type of the line, target of its name, target of its amount)
LINE_CELLS = (("work", "works", "amount_work"), ("part", "parts", "amount_part"))
# What has a rule of its own; every other cell is the value of its field
_RULED = {"works", "parts", "amount_work", "amount_part", "amount_total"}


class OrderPlanner(RecordPlanner):
    """Plans the repair order of a row."""

    def __init__(self, *rooms):
        super().__init__(*rooms)
        self.now = fields.Datetime.now()

    def find(self, row):
        """Return the order of the row's number, None when it is a new one or when the row names none."""
        return self.register.order_by_name.get(row.cells.get("order_name"))

    def read_values(self, row, order):
        """Return {target: value} of the row; refuse times that cannot be.

        :param order: the entry of the order in the system, or None
        """
        values = {
            target: self.cells.value(row, target, way, essential) for target, (way, essential) in ORDER_CELLS.items()
        }
        self._check_times(row, order, values)
        return values

    def _check_times(self, row, order, values):
        date_in = values["date_in"] or (order.get("date_in") if order else None)
        date_out = values["date_out"] or (order.get("date_out") if order else None)
        if not date_in and not row.errors:
            row.errors.append(self._("The time when the car came in is missing."))
        if date_in and date_out and date_out < date_in:
            row.errors.append(self._("The car would be delivered before it came in. Correct one of the two times."))
        if values["date_out"] and values["date_out"] > fields.Datetime.add(self.now, days=1):
            row.errors.append(self._("The delivery time lies in the future."))

    def plan(self, row, values):
        """Plan the order of the row: its facts, its customer, its people, its lines."""
        if row.order is None:
            row.order = self._new(row)
            if values["kind"] is None:
                values["kind"] = "other"
        elif row.order.record and row.order.record.state == "cancelled":
            row.notes.append(self._("The order is cancelled in the system; it stays so."))
        self._plan_customer(row)
        values["callback_consent"] = self._accepted_consent(row, values["callback_consent"])
        for target, value in values.items():
            if value is not None and target not in _RULED:
                self.ledger.set(row, row.order, target, value)
        self._plan_advisor(row, row.order)
        self._plan_technicians(row, row.order)
        self._plan_lines(row, row.order, values)
        self._plan_total(row, row.order, values["amount_total"])
        self._plan_comeback(row, row.order)

    def _new(self, row):
        number = row.cells["order_name"]
        vals = {
            "name": number,
            "company_id": self.company.id,
            "import_id": self.ledger.imp.id,
            "advisor_id": False,
            "vehicle_id": row.vehicle,
        }
        entry = self.register.order_by_name[number] = self.ledger.new(row, ORDER, vals)
        owner = row.vehicle.get("partner_id")
        if row.partner is None and owner:
            entry.vals["partner_id"] = owner.id if hasattr(owner, "_name") else owner
        return entry

    def _plan_customer(self, row):
        current = row.order.get("partner_id")
        if row.partner is None:
            return
        if row.order.new or not current:
            self.ledger.set(row, row.order, "partner_id", row.partner)
        elif not row.partner.is_in(current):
            row.notes.append(
                self._(
                    "The order is in the system with another customer (%(customer)s); it stays so.",
                    customer=self.ledger.shown(row.order, "partner_id", current),
                )
            )

    def _accepted_consent(self, row, consent):
        """Return the answer on callbacks to write: a refusal stays, and an answer is not lost to “not asked”."""
        current = row.order.get("callback_consent")
        if consent and current == "no" and consent != "no":
            row.notes.append(self._("The customer declined callbacks in the system: an import never takes that back."))
            return None
        return None if consent == "not_asked" and current else consent

    def _plan_advisor(self, row, entry):
        name = self.cells.name(row, "advisor")
        if not name:
            return
        users = self.register.users_by_name.get(name, [])
        if len(users) > 1:
            row.notes.append(self._("Several users are called %(name)s; the name is kept as text.", name=name))
        if len(users) == 1:
            self.ledger.set(row, entry, "advisor_id", users[0].id, shown=name)
        self.ledger.set(row, entry, "advisor_name", name)

    def _plan_technicians(self, row, entry):
        names = [dms_values.normalize_name(text) for text in dms_values.split_names(row.cells.get("technicians", ""))]
        if not names:
            return
        found = [self.register.users_by_name.get(name, ()) for name in names]
        users = [namesakes[0].id for namesakes in found if len(namesakes) == 1]
        known = entry.record.technician_ids.ids if entry.record else []
        if users and set(known) != set(users) and self.ledger.may_change(row, entry, "technician_names"):
            self.ledger.note(row, entry, "technician_ids", entry.get("technician_ids"), False, shown=", ".join(names))
            entry.vals["technician_ids"] = [Command.set(users)]
        self.ledger.set(row, entry, "technician_names", ", ".join(names))

    def _plan_lines(self, row, entry, values):
        """Turn the work and the parts of a row into a line each; totals without them stand for themselves."""
        commands = []
        for line_type, name_target, amount_target in LINE_CELLS:
            text, amount = values[name_target], values[amount_target]
            if text is None and not amount:
                continue
            lines = self.ledger.env["aftersales.repair.order.line"]
            if entry.record:
                lines = entry.record.line_ids.filtered(lambda line, kind=line_type: line.line_type == kind)
            if len(lines) > 1:
                row.notes.append(
                    self._(
                        "%(column)s: the order has several lines in the system; they stay as they are.",
                        column=self.cells.label(name_target),
                    )
                )
                continue
            command = self._line_command(lines, line_type, text, amount)
            if command and (not lines or self.ledger.may_change(row, entry, "amount_total")):
                commands.append(command)
                if entry.born is row:
                    continue
                old = f"{lines.name} {lines.amount}" if lines else ""
                shown = " ".join(str(part) for part in (text, amount) if part is not None)
                was = {"line": lines.id, "name": lines.name, "price": lines.price_unit, "quantity": lines.quantity}
                self.ledger.note(row, entry, "line_ids", was if lines else {"type": line_type}, False, shown=shown)
                row.changes[-1].update(old=old, column=name_target)
        if commands:
            entry.vals["line_ids"] = commands

    def _line_command(self, line, line_type, text, amount):
        """Return the command that gives the line the text and the amount; None when it has them."""
        if not line:
            default = self._("Work") if line_type == "work" else self._("Parts")
            return Command.create({"line_type": line_type, "name": text or default, "price_unit": amount or 0.0})
        wanted = {}
        if text is not None and line.name != text:
            wanted["name"] = text
        if amount is not None and round(line.price_unit * line.quantity, 2) != amount:
            wanted.update(price_unit=amount, quantity=1.0)
        return Command.update(line.id, wanted) if wanted else None

    def _plan_total(self, row, entry, total):
        if total is not None and entry.new:
            entry.vals["amount_total"] = total
        elif total is not None and round(entry.record.amount_total, 2) != total:
            self.ledger.set(row, entry, "amount_total", total)

    def _plan_comeback(self, row, entry):
        name = dms_values.half_width(row.cells.get("comeback_of", "")).strip()
        if not name:
            return
        earlier = self.register.order_by_name.get(name)
        if earlier is None or earlier is entry:
            row.notes.append(
                self._("Comeback of %(order)s: that order is not in the system. The cell was left out.", order=name)
            )
            return
        if not row.vehicle.is_in(earlier.get("vehicle_id")) or earlier.get("date_in") > entry.get("date_in"):
            row.notes.append(
                self._(
                    "Comeback of %(order)s: that order is of another car, or later. The cell was left out.", order=name
                )
            )
            return
        self.ledger.set(row, entry, "comeback_of_id", earlier)
