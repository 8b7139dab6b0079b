import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

_OUTLINE = re.compile(r"[1-9]\d{0,2}(\.[1-9]\d{0,2})*")


class AftersalesCorrectiveWhy(models.Model):
    """One question of the "5 whys". A question can have several answers, each asked further: a tree.

    The place in the tree is the outline number (1, 1.1, 1.2, 2), so that a tree that is not saved yet, an import and a
    print all have it.
    """

    _name = "aftersales.corrective.why"
    _description = "Why Question"
    _order = "action_id, outline_key, id"

    action_id = fields.Many2one("aftersales.corrective.action", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="action_id.company_id", store=True, index=True)
    outline = fields.Char("No.", required=True, default="1", help="1.2 is the second answer below question 1.")
    outline_key = fields.Char(compute="_compute_outline_key", store=True)
    depth = fields.Integer(compute="_compute_outline_key", store=True)
    name = fields.Char("Why?", required=True)
    answer = fields.Char("Because", required=True)
    is_root = fields.Boolean("Root Cause", help="Nothing lies behind this answer that the store could change.")

    _outline_uniq = models.Constraint("UNIQUE(action_id, outline)", "Two questions have the same number.")

    # ------------------------------------------------------------
    # CONSTRAINTS AND COMPUTES
    # ------------------------------------------------------------

    @api.depends("outline")
    def _compute_outline_key(self):
        for why in self:
            parts = (why.outline or "").split(".")
            why.outline_key = ".".join(part.zfill(3) for part in parts)
            why.depth = len(parts)

    @api.constrains("outline", "action_id")
    def _check_outline(self):
        for why in self.action_id.why_ids | self:
            if not _OUTLINE.fullmatch(why.outline):
                raise ValidationError(
                    self.env._('"%s" is no number of a question: write 1, 1.1 or 1.1.2.', why.outline)
                )
        for why in self:
            parent = why._get_parent_outline()
            if parent and parent not in why.action_id.why_ids.mapped("outline"):
                raise ValidationError(
                    self.env._(
                        "Question %(outline)s stands below question %(parent)s, which is not there.",
                        outline=why.outline,
                        parent=parent,
                    )
                )

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def unlink(self):
        """A question goes with all that is asked below it."""
        return super(AftersalesCorrectiveWhy, self | self._get_branch()).unlink()

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_parent_outline(self):
        self.ensure_one()
        return self.outline.rpartition(".")[0]

    def _get_branch(self):
        """All questions below these."""
        starts = {(why.action_id, f"{why.outline}.") for why in self}
        return self.action_id.why_ids.filtered(
            lambda other: any(other.action_id == action and other.outline.startswith(start) for action, start in starts)
        )
