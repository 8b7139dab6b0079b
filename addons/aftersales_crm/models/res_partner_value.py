from odoo import api, fields, models

from .res_partner import CARD_GROUPS


class ResPartner(models.Model):
    """What a customer is worth to the store, as the customer's own page shows it."""

    _inherit = "res.partner"

    aftersales_order_count = fields.Integer("Visits", compute="_compute_aftersales_value", groups=CARD_GROUPS)
    aftersales_value_total = fields.Monetary(
        "Value", compute="_compute_aftersales_value", currency_field="aftersales_currency_id", groups=CARD_GROUPS
    )
    aftersales_value_year = fields.Monetary(
        "Value in 12 Months",
        compute="_compute_aftersales_value",
        currency_field="aftersales_currency_id",
        groups=CARD_GROUPS,
    )
    aftersales_last_visit = fields.Datetime("Last Visit", compute="_compute_aftersales_value", groups=CARD_GROUPS)
    aftersales_currency_id = fields.Many2one(
        "res.currency", compute="_compute_aftersales_value", groups=CARD_GROUPS, string="Currency of the Store"
    )

    @api.depends_context("company")
    def _compute_aftersales_value(self):
        company = self.env.company
        since = fields.Datetime.subtract(fields.Datetime.now(), years=1)
        # Sudoed: the sum of the visits, not the visits; those of a car that was sold since count for who paid
        orders_sudo = self.env["aftersales.repair.order"].sudo()
        domain = [("partner_id", "in", self.ids), ("state", "=", "delivered"), ("company_id", "=", company.id)]
        total = {
            partner.id: values
            for partner, *values in orders_sudo._read_group(
                domain, ["partner_id"], ["__count", "amount_total:sum", "date_out:max"]
            )
        }
        year = {
            partner.id: amount
            for partner, amount in orders_sudo._read_group(
                [*domain, ("date_out", ">=", since)], ["partner_id"], ["amount_total:sum"]
            )
        }
        for partner in self:
            count, amount, last = total.get(partner._origin.id, (0, 0.0, False))
            partner.aftersales_order_count = count
            partner.aftersales_value_total = amount
            partner.aftersales_value_year = year.get(partner._origin.id, 0.0)
            partner.aftersales_last_visit = last
            partner.aftersales_currency_id = company.currency_id
