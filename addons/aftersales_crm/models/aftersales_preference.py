from odoo import api, fields, models


class AftersalesPreference(models.Model):
    """What a person likes, with one of the cars. It belongs to the person: a new owner does not see it."""

    _name = "aftersales.preference"
    _description = "Customer Preference"
    _order = "sequence, id"
    _rec_name = "value"
    _check_company_auto = True

    vehicle_id = fields.Many2one("aftersales.vehicle", index="btree_not_null", ondelete="cascade", check_company=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        index=True,
        ondelete="cascade",
    )
    kind_id = fields.Many2one(
        "aftersales.preference.kind", required=True, ondelete="restrict", index=True, check_company=True
    )
    sequence = fields.Integer(related="kind_id.sequence", store=True)
    value = fields.Char("Preference", required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, required=True, precompute=True, index=True
    )

    @api.depends("vehicle_id")
    def _compute_partner_id(self):
        for preference in self:
            if not preference.partner_id:
                preference.partner_id = preference.vehicle_id.partner_id

    @api.depends("vehicle_id.company_id")
    def _compute_company_id(self):
        for preference in self:
            preference.company_id = preference.vehicle_id.company_id or preference.company_id or self.env.company
