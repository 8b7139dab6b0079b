from odoo import api, fields, models


class AftersalesQuestionChoice(models.Model):
    _name = "aftersales.question.choice"
    _description = "Choice of an Answer"
    _order = "question_id, sequence, id"
    _check_company_auto = True

    question_id = fields.Many2one("aftersales.question", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="question_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char("Choice", required=True, translate=True)
    is_problem = fields.Boolean("Is a Problem")
    problem_category_id = fields.Many2one(
        "aftersales.problem.category", index=True, ondelete="restrict", check_company=True
    )

    @api.model_create_multi
    def create(self, vals_list):
        questions = self.env["aftersales.question"].browse(
            {vals["question_id"] for vals in vals_list if vals.get("question_id")}
        )
        questions.questionnaire_id._check_editable()
        return super().create(vals_list)

    def write(self, vals):
        if set(vals) - {"name"}:
            self.question_id.questionnaire_id._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self.question_id.questionnaire_id._check_editable()
