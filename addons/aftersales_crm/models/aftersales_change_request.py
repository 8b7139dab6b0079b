from odoo import fields, models


class AftersalesChangeRequest(models.Model):
    _name = "aftersales.change.request"
    _description = "Change Request"
    _inherit = ["mail.thread", "mail.activity.mixin", "aftersales.protected.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _protected_fields = frozenset({"name", "state", "user_id", "date_applied"})

    name = fields.Char("Number", readonly=True, copy=False, default="/")
    vehicle_id = fields.Many2one(
        "aftersales.vehicle", "Vehicle", required=True, index=True, ondelete="cascade", check_company=True
    )
    kind = fields.Selection(
        [("correction", "Correction"), ("ownership", "Ownership change"), ("deletion", "Deletion")],
        required=True,
        default="correction",
        tracking=True,
    )
    reason = fields.Text(required=True)
    date_transfer = fields.Date("Transferred on")
    line_ids = fields.One2many("aftersales.change.request.line", "request_id", "Changes")
    user_id = fields.Many2one("res.users", "Asked by", default=lambda self: self.env.user, readonly=True, copy=False)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("applied", "Applied"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    date_applied = fields.Datetime("Applied on", readonly=True, copy=False)
    company_id = fields.Many2one(related="vehicle_id.company_id", store=True, index=True)
