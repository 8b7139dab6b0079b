from odoo import fields, models


class AftersalesCorrectiveReminder(models.Model):
    """Ledger of the overdue ladder: a rung is written once for one due date, so that no rung fires twice or is lost."""

    _name = "aftersales.corrective.reminder"
    _description = "Reminder of a Corrective Action"
    _inherit = ["aftersales.protected.mixin"]
    _order = "date desc, id desc"
    _rec_name = "rung"
    _protected_append_only = True

    action_id = fields.Many2one(
        "aftersales.corrective.action", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="action_id.company_id", store=True, index=True)
    rung = fields.Selection(
        [("before", "Before the deadline"), ("overdue", "Overdue: supervisor"), ("gm", "Overdue: general manager")],
        required=True,
        readonly=True,
    )
    date_due = fields.Date("Due on", required=True, readonly=True)
    date = fields.Datetime("Sent on", default=fields.Datetime.now, required=True, readonly=True)
    user_ids = fields.Many2many("res.users", string="Told", readonly=True)

    _rung_uniq = models.Constraint("UNIQUE(action_id, rung, date_due)", "This reminder was sent already.")
