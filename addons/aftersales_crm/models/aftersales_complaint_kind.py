from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .aftersales_complaint_level_mixin import LEVELS


class AftersalesComplaintKind(models.Model):
    _name = "aftersales.complaint.kind"
    _description = "Complaint Kind"
    _order = "parent_path, sequence, name, id"
    _parent_store = True
    _rec_name = "complete_name"
    _rec_names_search = ["name", "code"]

    name = fields.Char("Kind", required=True, translate=True)
    code = fields.Char(copy=False, help="Short stable code used by imports and figures.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    parent_id = fields.Many2one("aftersales.complaint.kind", "Parent Kind", index=True, ondelete="restrict")
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("aftersales.complaint.kind", "parent_id", "Sub-kinds")
    complete_name = fields.Char("Full Name", compute="_compute_complete_name", recursive=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all stores.")
    # Rules
    default_level = fields.Selection(
        LEVELS,
        string="Least Level",
        default="general",
        required=True,
        help="A complaint of this kind is proposed at this level or above.",
    )
    is_safety = fields.Boolean("Safety Lane", help="Fire, airbag, brakes, steering, injury: opens the safety lane.")
    concerns_advisor = fields.Boolean(
        "Concerns the Advisor", help="The advisor of the repair order becomes a person concerned at once."
    )

    _code_uniq = models.UniqueIndex(
        "(code, COALESCE(company_id, 0)) WHERE code IS NOT NULL", "Another complaint kind has this code already."
    )

    # ------------------------------------------------------------
    # CONSTRAINTS AND COMPUTES
    # ------------------------------------------------------------

    @api.constrains("parent_id")
    def _check_parent_id(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A complaint kind cannot be its own parent."))

    @api.depends("name", "parent_id.complete_name")
    def _compute_complete_name(self):
        for kind in self:
            kind.complete_name = f"{kind.parent_id.complete_name} / {kind.name}" if kind.parent_id else kind.name

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_root(self):
        """Return the top kind: kinds under one root are one problem group."""
        self.ensure_one()
        return self.browse(int(self.parent_path.split("/")[0])) if self.parent_path else self
