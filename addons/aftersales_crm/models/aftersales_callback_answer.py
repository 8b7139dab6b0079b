from odoo import api, fields, models


class AftersalesCallbackAnswer(models.Model):
    """One answer of a customer. Written by the callback alone, so that no score can be mended afterwards."""

    _name = "aftersales.callback.answer"
    _description = "Callback Answer"
    _inherit = ["aftersales.protected.mixin"]
    _order = "callback_id, sequence, id"
    _check_company_auto = True
    _protected_fields = frozenset(
        {
            "callback_id",
            "question_id",
            "value_yes_no",
            "value_score",
            "value_choice_id",
            "value_text",
            "is_problem",
            "is_good",
            "is_answered",
            "problem_category_id",
        }
    )
    _protected_append_only = True

    callback_id = fields.Many2one(
        "aftersales.callback", required=True, index=True, ondelete="restrict", check_company=True
    )
    company_id = fields.Many2one(related="callback_id.company_id", store=True, index=True, precompute=True)
    question_id = fields.Many2one("aftersales.question", required=True, index=True, ondelete="restrict")
    sequence = fields.Integer(related="question_id.sequence", store=True, precompute=True)
    kind = fields.Selection(related="question_id.kind")
    value_yes_no = fields.Selection([("yes", "Yes"), ("no", "No")], "Yes or No")
    value_score = fields.Integer("Score", aggregator="avg")
    value_choice_id = fields.Many2one(
        "aftersales.question.choice", "Choice", ondelete="restrict", index="btree_not_null"
    )
    value_text = fields.Text("Text")
    value_display = fields.Char("Answer", compute="_compute_value_display")
    is_answered = fields.Boolean("Answered")
    is_problem = fields.Boolean("Problem", index=True)
    is_good = fields.Boolean("Good")
    problem_category_id = fields.Many2one("aftersales.problem.category", index="btree_not_null", ondelete="restrict")

    _question_uniq = models.UniqueIndex("(callback_id, question_id)", "This question has been answered already.")

    @api.depends("value_yes_no", "value_score", "value_choice_id", "value_text")
    def _compute_value_display(self):
        labels = dict(self._fields["value_yes_no"]._description_selection(self.env))
        for answer in self:
            if answer.value_yes_no:
                answer.value_display = labels[answer.value_yes_no]
            elif answer.value_score:
                answer.value_display = str(answer.value_score)
            else:
                answer.value_display = answer.value_choice_id.display_name or answer.value_text or ""

    def _raw_value(self):
        """The value as the call screen keys it in."""
        self.ensure_one()
        return self.value_yes_no or self.value_score or self.value_choice_id.id or self.value_text or ""
