from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AftersalesCause(models.Model):
    _name = "aftersales.cause"
    _description = "Cause"
    _order = "parent_path, sequence, name, id"
    _parent_store = True
    _rec_name = "complete_name"
    _rec_names_search = ["name", "code"]

    name = fields.Char("Cause", required=True, translate=True)
    code = fields.Char(copy=False)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    parent_id = fields.Many2one("aftersales.cause", "Parent Cause", index=True, ondelete="restrict")
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("aftersales.cause", "parent_id", "Sub-causes")
    complete_name = fields.Char("Full Name", compute="_compute_complete_name", recursive=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all stores.")
    is_human_error = fields.Boolean(
        "Human Error", help="Human error alone is no root cause: ask why the work allowed it."
    )

    _code_uniq = models.UniqueIndex(
        "(code, COALESCE(company_id, 0)) WHERE code IS NOT NULL", "Another cause has this code already."
    )

    # ------------------------------------------------------------
    # CONSTRAINTS AND COMPUTES
    # ------------------------------------------------------------

    @api.constrains("parent_id")
    def _check_parent_id(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A cause cannot be its own parent."))

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for cause in self:
            cause.complete_name = f"{cause.parent_id.complete_name} / {cause.name}" if cause.parent_id else cause.name
