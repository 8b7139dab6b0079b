from odoo import fields, models


class AftersalesStocktake(models.Model):
    _name = "aftersales.stocktake"
    _description = "Stocktake"
    _inherit = ["mail.thread", "mail.activity.mixin", "aftersales.protected.mixin"]
    _order = "date_start desc, id desc"
    _check_company_auto = True
    _protected_fields = frozenset({"state"})

    name = fields.Char(required=True)
    date_start = fields.Date("Start", required=True, default=fields.Date.context_today)
    date_end = fields.Date("To be done by", required=True)
    user_id = fields.Many2one("res.users", "Archivist", default=lambda self: self.env.user)
    state = fields.Selection(
        [("draft", "Draft"), ("running", "Running"), ("closed", "Closed")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    line_ids = fields.One2many("aftersales.stocktake.line", "stocktake_id", "Files")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, readonly=True
    )

    _dates = models.Constraint("CHECK(date_end >= date_start)", "A stocktake ends after it begins.")
