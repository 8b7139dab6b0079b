from odoo import fields, models


class AftersalesCorrectiveProgress(models.Model):
    _name = "aftersales.corrective.progress"
    _description = "Progress Note"
    _inherit = ["aftersales.protected.mixin"]
    _order = "date desc, id desc"
    _protected_append_only = True

    action_id = fields.Many2one(
        "aftersales.corrective.action", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="action_id.company_id", store=True, index=True)
    date = fields.Datetime(default=fields.Datetime.now, required=True, readonly=True)
    user_id = fields.Many2one("res.users", "By", default=lambda self: self.env.user, required=True, readonly=True)
    note = fields.Text(required=True, readonly=True)
