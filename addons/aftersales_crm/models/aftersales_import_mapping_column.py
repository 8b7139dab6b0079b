from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AftersalesImportMappingColumn(models.Model):
    _name = "aftersales.import.mapping.column"
    _description = "Import Column"
    _order = "mapping_id, sequence, id"
    _rec_name = "header"

    mapping_id = fields.Many2one("aftersales.import.mapping", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="mapping_id.company_id", store=True, index=True, precompute=True)
    sequence = fields.Integer(default=100)
    header = fields.Char("Column of the File", required=True)
    sample = fields.Char("Values in the File", readonly=True)
    target = fields.Selection("_selection_target", "Goes To", help="Empty: the column is not read.")
    gone = fields.Boolean(
        "Not in the Latest File", readonly=True, help="The file that was read last had no such column."
    )

    _header_uniq = models.UniqueIndex("(mapping_id, header)", "This column is listed twice.")

    @api.model
    def _selection_target(self):
        """Return what a column of a file can go to, in the order of the screen."""
        return [
            ("order_name", self.env._("Order: Number")),
            ("date_in", self.env._("Order: In")),
            ("date_promised", self.env._("Order: Promised")),
            ("date_out", self.env._("Order: Delivered On")),
            ("odometer", self.env._("Order: Odometer")),
            ("advisor", self.env._("Order: Service Advisor")),
            ("technicians", self.env._("Order: Technicians")),
            ("kind", self.env._("Order: Kind")),
            ("customer_words", self.env._("Order: Customer's Words")),
            ("works", self.env._("Order: Work Done")),
            ("amount_work", self.env._("Order: Amount of Work")),
            ("parts", self.env._("Order: Parts Used")),
            ("amount_part", self.env._("Order: Amount of Parts")),
            ("amount_total", self.env._("Order: Total")),
            ("settlement_number", self.env._("Order: Settlement Number")),
            ("comeback_of", self.env._("Order: Comeback Of")),
            ("declined_advice", self.env._("Order: Declined Advice")),
            ("callback_consent", self.env._("Callback: Accepted")),
            ("callback_time", self.env._("Callback: Preferred Time")),
            ("callback_phone", self.env._("Callback: Phone to Use")),
            ("vin", self.env._("Vehicle: VIN")),
            ("license_plate", self.env._("Vehicle: Plate")),
            ("engine_number", self.env._("Vehicle: Engine Number")),
            ("brand", self.env._("Vehicle: Brand")),
            ("model", self.env._("Vehicle: Model")),
            ("manufacture_date", self.env._("Vehicle: Manufactured On")),
            ("delivery_date", self.env._("Vehicle: Sold On")),
            ("warranty_end_date", self.env._("Vehicle: Warranty End")),
            ("inspection_due_date", self.env._("Vehicle: Inspection Due")),
            ("sales_reference", self.env._("Vehicle: Sales Record")),
            ("partner_name", self.env._("Customer: Name")),
            ("partner_phone", self.env._("Customer: Phone")),
            ("partner_street", self.env._("Customer: Address")),
            ("brought_by_name", self.env._("Brought By: Name")),
            ("brought_by_phone", self.env._("Brought By: Phone")),
        ]

    @api.constrains("target")
    def _check_target(self):
        for mapping in self.mapping_id:
            # A column that got another name keeps its target beside the new one: older exports still have it
            columns = mapping.column_ids.filtered(lambda column: column.target and not column.gone)
            targets = columns.mapped("target")
            twice = next((target for target in targets if targets.count(target) > 1), None)
            if twice:
                raise ValidationError(
                    self.env._(
                        "Two columns go to “%(target)s”: %(columns)s. Empty one of them.",
                        target=dict(self._selection_target())[twice],
                        columns=", ".join(c.header for c in columns if c.target == twice),
                    )
                )
