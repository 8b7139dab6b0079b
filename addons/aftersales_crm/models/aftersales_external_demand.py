from odoo import fields, models


class AftersalesExternalDemand(models.Model):
    """What a body demands of an answer, from a date to a date."""

    _name = "aftersales.external.demand"
    _description = "Demand of an External Body"
    _order = "body_id, sequence, id"

    body_id = fields.Many2one("aftersales.external.body", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="body_id.company_id", store=True, index=True)
    name = fields.Char("Demanded", required=True, translate=True)
    sequence = fields.Integer(default=10)
    date_from = fields.Date("Valid From")
    date_to = fields.Date("Valid To")

    _dates_ordered = models.Constraint(
        "CHECK(date_from IS NULL OR date_to IS NULL OR date_from <= date_to)", "A demand cannot end before it begins."
    )

    def _in_force(self, day):
        """Return the demands that are in force on the day."""
        return self.filtered(
            lambda demand: (
                (not demand.date_from or demand.date_from <= day) and (not demand.date_to or day <= demand.date_to)
            )
        )
