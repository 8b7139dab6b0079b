from datetime import date
from fractions import Fraction

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..tools.clockwork import Budget


class AftersalesSlaPolicy(models.Model):
    """How long a named clock may run, for which documents, at which level, from which date.

    A clock takes a copy of these values when it starts: editing a policy never moves a deadline that is running.
    """

    _name = "aftersales.sla.policy"
    _description = "Clock Policy"
    _order = "res_model, code, level, company_id, sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: for every store that has no policy of its own for this clock."
    )

    # Which clock
    res_model = fields.Selection(selection="_selection_res_model", string="Applies to", required=True)
    code = fields.Char(string="Clock", required=True, help="Technical name of the clock.")
    level = fields.Char(help="Technical name of the document's level. Empty: every level without a policy of its own.")
    date_from = fields.Date(string="Valid From", help="Law and brand clocks change: the older policy is kept, dated.")
    date_to = fields.Date(string="Valid To")

    # How long
    amount = fields.Float(string="Duration", digits=(16, 4), required=True, default=1.0)
    unit = fields.Selection([("hour", "Hours"), ("day", "Days")], required=True, default="hour")
    time_kind = fields.Selection(
        [("working", "Working time"), ("calendar", "Calendar time")],
        string="Reckoned In",
        required=True,
        default="calendar",
        help="Working time follows the store's calendar. A day is then the working day of that very date: half a day "
        "on a short Saturday is half of the short Saturday.",
    )
    escalation_ids = fields.One2many("aftersales.escalation.rule", "policy_id", copy=True)

    _amount_positive = models.Constraint("CHECK(amount > 0)", "The duration of a clock must be more than zero.")
    _dates_ordered = models.Constraint(
        "CHECK(date_from IS NULL OR date_to IS NULL OR date_from <= date_to)",
        "A policy cannot end before it begins.",
    )

    @api.model
    def _selection_res_model(self):
        models_sudo = (
            self.env["ir.model"].sudo().search([("model", "in", self.env["aftersales.clock"]._attached_models())])
        )
        return [(model.model, model.name) for model in models_sudo]

    @api.constrains("code")
    def _check_code(self):
        for policy in self:
            if not policy.code.isidentifier():
                raise ValidationError(
                    self.env._("The clock name '%(code)s' may hold letters, digits and '_' only.", code=policy.code)
                )

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _budget(self):
        """The granted time as :class:`~..tools.clockwork.Budget`; exact, without float residue."""
        self.ensure_one()
        return Budget(Fraction(f"{self.amount:.4f}"), self.unit, self.time_kind == "working")

    @api.model
    def _find(self, res_model, code, level, company, day=None):
        """The policy in force: that of the store before the general one, that of the level before the one for all.

        :param day: date for which the policy must be valid, today by default
        :return: a policy or an empty recordset
        """
        day = day or fields.Date.context_today(self)
        domain = (
            Domain("res_model", "=", res_model)
            & Domain("code", "=", code)
            & Domain("level", "in", [level, False] if level else [False])
            & Domain("company_id", "in", [company.id, False])
            & (Domain("date_from", "=", False) | Domain("date_from", "<=", day))
            & (Domain("date_to", "=", False) | Domain("date_to", ">=", day))
        )
        return (
            self.sudo()
            .search(domain)
            .sorted(
                lambda policy: (
                    not policy.company_id,
                    not policy.level,
                    -(policy.date_from or date.min).toordinal(),
                    policy.sequence,
                    policy.id,
                )
            )[:1]
        )
