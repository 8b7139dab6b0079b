from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.aftersales_vehicle import CARD_FIELDS
from ..models.aftersales_vehicle_identity_mixin import PLATE_TYPES, VIN_GROUPS

# Not in superuser mode: naming the id of another store's file must not open its card
CARD = {"compute": "_compute_card", "compute_sudo": False, "store": True, "readonly": False}


class AftersalesChangeWizard(models.TransientModel):
    """The data card as it is; what the user changes on it becomes the lines of a change request."""

    _name = "aftersales.change.wizard"
    _description = "Ask for a Change of a Vehicle File"

    vehicle_id = fields.Many2one("aftersales.vehicle", required=True, readonly=True)
    kind = fields.Selection(
        [("correction", "Correction"), ("ownership", "Ownership change"), ("deletion", "Deletion")],
        required=True,
        default="correction",
    )
    reason = fields.Text(required=True)
    date_transfer = fields.Date("Transferred on", default=fields.Date.context_today)
    company_id = fields.Many2one(related="vehicle_id.company_id")

    license_plate = fields.Char("Plate", **CARD)
    plate_type = fields.Selection(PLATE_TYPES, **CARD)
    vin = fields.Char("VIN", groups=VIN_GROUPS, **CARD)
    engine_number = fields.Char(**CARD)
    model_id = fields.Many2one("fleet.vehicle.model", **CARD)
    manufacture_date = fields.Date("Manufactured on", **CARD)
    delivery_date = fields.Date("Delivered on", **CARD)
    sales_reference = fields.Char("Sales Record", **CARD)
    warranty_end_date = fields.Date("Warranty End", **CARD)
    partner_id = fields.Many2one("res.partner", "Owner", **CARD)
    contact_id = fields.Many2one("res.partner", "Contact Person", **CARD)
    driver_id = fields.Many2one("res.partner", **CARD)
    loan_lender = fields.Char(**CARD)
    loan_due_date = fields.Date("Loan Due", **CARD)

    @api.depends("vehicle_id", "kind")
    def _compute_card(self):
        for wizard in self:
            for name in wizard._get_card_names():
                wizard[name] = wizard.vehicle_id[name]
            if wizard.kind == "ownership":
                wizard.update({"partner_id": False, "contact_id": False, "driver_id": False})

    def _get_card_names(self):
        """The fields of the card that the user may read: a masked VIN is not asked to be changed."""
        return [name for name in CARD_FIELDS if self._has_field_access(self._fields[name], "read")]

    def action_submit(self):
        """Make the change request of what differs from the file and submit it."""
        self.ensure_one()
        vehicle = self.vehicle_id
        values = {name: self._fields[name].convert_to_write(self[name], self) for name in self._get_card_names()}
        if self.kind == "deletion":
            changed = {}
        elif self.kind == "ownership":
            names = ("partner_id", "contact_id", "driver_id", "license_plate", "plate_type")
            changed = {name: values[name] for name in names if vehicle._is_changed(name, values[name])}
        else:
            normal = vehicle._normalize_values(values)
            changed = {name: value for name, value in normal.items() if vehicle._is_changed(name, value)}
        if "license_plate" in changed and "plate_type" in changed and values["plate_type"] == vehicle.plate_type:
            del changed["plate_type"]
        if self.kind != "deletion" and not changed:
            raise UserError(self.env._("Nothing on the data card was changed. Enter the new value first."))
        request = self.env["aftersales.change.request"]._ask(
            vehicle, changed, self.reason, self.kind, self.date_transfer
        )
        return request._get_records_action()
