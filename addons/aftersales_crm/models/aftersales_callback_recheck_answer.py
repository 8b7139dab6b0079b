from odoo import fields, models

from ..tools.truth import agreement


class AftersalesCallbackRecheckAnswer(models.Model):
    """What the customer said when asked again, and beside it what the first caller wrote down."""

    _name = "aftersales.callback.recheck.answer"
    _description = "Answer of a Re-check"
    _inherit = ["aftersales.callback.answer"]
    _order = "recheck_id, sequence, id"

    recheck_id = fields.Many2one(
        "aftersales.callback.recheck", required=True, index=True, ondelete="restrict", check_company=True
    )
    first_display = fields.Char("First Call", compute="_compute_first", compute_sudo=True)
    is_different = fields.Boolean("Differs", compute="_compute_first", compute_sudo=True)

    def _compute_first(self):
        first = {(a.callback_id, a.question_id): a for a in self.callback_id.answer_ids if a.is_answered}
        for answer in self:
            other = first.get((answer.callback_id, answer.question_id))
            answer.first_display = other.value_display if other else ""
            pair = [{0: (a.kind, a._raw_value())} for a in (other, answer) if a]
            compared, agreed = agreement(*pair) if other else (0, 0)
            answer.is_different = compared > agreed
