from odoo import api, fields, models
from odoo.exceptions import ValidationError

SCORE_RANGE = {"score5": (1, 5), "score10": (1, 10)}


class AftersalesQuestion(models.Model):
    _name = "aftersales.question"
    _description = "Question"
    _order = "questionnaire_id, sequence, id"
    _check_company_auto = True

    questionnaire_id = fields.Many2one("aftersales.questionnaire", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="questionnaire_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    code = fields.Char(help="The same code in every version of a question lets figures be compared.")
    name = fields.Char("Question", required=True, translate=True)
    kind = fields.Selection(
        [
            ("yes_no", "Yes or No"),
            ("score5", "Score 1–5"),
            ("score10", "Score 1–10"),
            ("choice", "Choice"),
            ("text", "Text"),
        ],
        "Kind of Answer",
        required=True,
        default="yes_no",
    )
    is_required = fields.Boolean(
        "Required", compute="_compute_is_required", store=True, readonly=False, help="Needed for a completed callback."
    )
    problem_answer = fields.Selection(
        [("yes", "Yes"), ("no", "No")],
        "Answer That Is a Problem",
        compute="_compute_problem_answer",
        store=True,
        readonly=False,
    )
    problem_threshold = fields.Integer(
        "Problem Below", help="A score below this is a problem. 0: no score is.", default=0
    )
    good_threshold = fields.Integer(
        "Good From",
        compute="_compute_good_threshold",
        store=True,
        readonly=False,
        help="A score from this on counts as a good answer.",
    )
    problem_category_id = fields.Many2one(
        "aftersales.problem.category", index=True, ondelete="restrict", check_company=True
    )
    is_satisfaction = fields.Boolean("Overall Satisfaction", help="The one score 1–5 of the repair as a whole.")
    is_problem_text = fields.Boolean("Other Problems", help="Any text here is a problem.")
    is_suggestion = fields.Boolean("Suggestion")
    is_praise = fields.Boolean("Praise")
    choice_ids = fields.One2many("aftersales.question.choice", "question_id", "Choices", copy=True)

    _satisfaction_is_score5 = models.Constraint(
        "CHECK(NOT is_satisfaction OR kind = 'score5')",
        "Overall satisfaction is asked as a score from 1 to 5. Change the kind of answer.",
    )
    _satisfaction_uniq = models.UniqueIndex(
        "(questionnaire_id) WHERE is_satisfaction", "A questionnaire asks for overall satisfaction only once."
    )
    _threshold_range = models.Constraint(
        "CHECK(problem_threshold BETWEEN 0 AND 10)", "A score lies between 1 and 10: mend the threshold."
    )

    @api.constrains("kind", "choice_ids")
    def _check_choice_ids(self):
        for question in self:
            if question.kind == "choice" and not question.choice_ids:
                raise ValidationError(
                    self.env._("“%(question)s” offers no choice. Add the choices.", question=question.name)
                )

    @api.depends("kind")
    def _compute_is_required(self):
        for question in self:
            question.is_required = question.kind != "text"

    @api.depends("kind")
    def _compute_problem_answer(self):
        for question in self:
            if question.kind != "yes_no":
                question.problem_answer = False
            elif not question.problem_answer:
                question.problem_answer = "no"

    @api.depends("kind")
    def _compute_good_threshold(self):
        for question in self:
            question.good_threshold = {"score5": 4, "score10": 8}.get(question.kind, 0)

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        questionnaires = self.env["aftersales.questionnaire"].browse(
            {vals["questionnaire_id"] for vals in vals_list if vals.get("questionnaire_id")}
        )
        questionnaires._check_editable()
        return super().create(vals_list)

    def write(self, vals):
        # Wording may be translated later; what an answer means may not change under it.
        if set(vals) - {"name"}:
            self.questionnaire_id._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self.questionnaire_id._check_editable()

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _prepare_answer_values(self, value):
        """Turn what the caller keyed in into the values of one answer.

        :param value: 'yes'/'no' or bool, a score, the id of a choice, or a text
        :return: dict of answer values; empty when nothing was answered
        :raise ValidationError: naming the question and what it takes
        """
        self.ensure_one()
        if value is None or value == "" or (value is False and self.kind != "yes_no"):
            return {}
        if self.kind == "yes_no":
            word = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
            if word not in ("yes", "no"):
                self._refuse_value(value, self.env._("yes or no"))
            return {
                "value_yes_no": word,
                "is_problem": word == self.problem_answer,
                "is_good": bool(self.problem_answer) and word != self.problem_answer,
            }
        if self.kind in SCORE_RANGE:
            low, high = SCORE_RANGE[self.kind]
            if isinstance(value, str) and value.strip().isdecimal():
                value = int(value)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                self._refuse_value(value, self.env._("a whole number from %(low)s to %(high)s", low=low, high=high))
            return {
                "value_score": value,
                "is_problem": value < self.problem_threshold,
                "is_good": value >= self.good_threshold,
            }
        if self.kind == "choice":
            choice = self.choice_ids.filtered(lambda c: str(c.id) == str(value))
            if not choice:
                self._refuse_value(value, self.env._("one of: %s", ", ".join(self.choice_ids.mapped("name"))))
            return {"value_choice_id": choice.id, "is_problem": choice.is_problem, "is_good": not choice.is_problem}
        if not isinstance(value, str):
            self._refuse_value(value, self.env._("a text"))
        text = value.strip()
        return {"value_text": text, "is_problem": self.is_problem_text} if text else {}

    def _refuse_value(self, value, expected):
        raise ValidationError(
            self.env._(
                "“%(question)s”: %(value)s is no answer to this question. It takes %(expected)s.",
                question=self.name,
                value=str(value)[:50],
                expected=expected,
            )
        )
