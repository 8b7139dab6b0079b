from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AftersalesProblemCategory(models.Model):
    """What customers complain of, shared by questionnaires and complaints. No company: shared by all stores."""

    _name = "aftersales.problem.category"
    _description = "Problem Category"
    _order = "sequence, id"
    _parent_store = True
    _rec_names_search = ["name", "code"]
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, index=True)
    sequence = fields.Integer(default=10)
    parent_id = fields.Many2one("aftersales.problem.category", index=True, ondelete="restrict", check_company=True)
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("aftersales.problem.category", "parent_id", "Sub-Categories")
    display_name = fields.Char(recursive=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: used by every store.")

    _code_uniq = models.UniqueIndex(
        "(code, COALESCE(company_id, 0))", "This code already belongs to another problem category."
    )

    @api.constrains("parent_id")
    def _check_parent_id(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A problem category cannot be its own parent. Choose another parent."))

    @api.depends("name", "parent_id.display_name")
    def _compute_display_name(self):
        for category in self:
            category.display_name = " / ".join(filter(None, [category.parent_id.display_name, category.name]))
