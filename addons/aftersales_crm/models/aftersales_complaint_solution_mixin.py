from odoo import api, fields, models

from ..tools.complaint_steps import SOLVED

# What the signature on the goodwill binds: frozen once the solution is proposed
FROZEN_SOLUTION = frozenset({"solution", "goodwill_amount"})


class AftersalesComplaintSolutionMixin(models.AbstractModel):
    """The solution of a complaint and what it costs: goodwill above the limit of the proposer's role asks the general manager.

    The signature binds the solution, its goodwill and a round number, so that it never covers what was taken back and
    proposed again.
    """

    _name = "aftersales.complaint.solution.mixin"
    _description = "Complaint: Solution and Goodwill"
    _inherit = ["aftersales.approval.mixin"]

    _protected_fields = frozenset(
        {
            "date_solution",
            "proposed_by_id",
            "solution_round",
        }
    )

    # The amounts need a currency to be declared with; which one, the complaint says
    currency_id = fields.Many2one("res.currency")
    solution = fields.Text(copy=False)
    cost_labour = fields.Monetary("Labour Cost", copy=False)
    cost_parts = fields.Monetary("Parts Cost", copy=False)
    goodwill_amount = fields.Monetary("Goodwill", copy=False)
    cost_total = fields.Monetary("Total Cost", compute="_compute_cost_total", store=True)
    handling_hours = fields.Float(copy=False)
    date_solution = fields.Datetime("Solution on", copy=False)
    proposed_by_id = fields.Many2one("res.users", "Solution Proposed by", copy=False)
    solution_round = fields.Integer(copy=False, help="Bound by the signature: a solution taken back is signed anew.")
    needs_goodwill_approval = fields.Boolean("Needs the General Manager", compute="_compute_needs_goodwill_approval")
    goodwill_limit = fields.Monetary("My Goodwill Limit", compute="_compute_goodwill_limit")
    _amounts_positive = models.Constraint(
        "CHECK(COALESCE(goodwill_amount, 0) >= 0 AND COALESCE(cost_labour, 0) >= 0 AND COALESCE(cost_parts, 0) >= 0"
        " AND COALESCE(handling_hours, 0) >= 0)",
        "Costs, goodwill and handling hours cannot be negative.",
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("cost_labour", "cost_parts", "goodwill_amount")
    def _compute_cost_total(self):
        for complaint in self:
            complaint.cost_total = complaint.cost_labour + complaint.cost_parts + complaint.goodwill_amount

    @api.depends("goodwill_amount", "proposed_by_id", "company_id")
    def _compute_needs_goodwill_approval(self):
        for complaint in self:
            proposer = complaint.proposed_by_id or self.env.user
            complaint.needs_goodwill_approval = complaint._goodwill_above_limit(proposer)

    @api.depends_context("uid")
    @api.depends("company_id")
    def _compute_goodwill_limit(self):
        for complaint in self:
            complaint.goodwill_limit = complaint._get_goodwill_limit(self.env.user) or 0.0

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_propose_solution(self):
        """Propose the solution; goodwill above the limit of the role asks the general manager."""
        self._check_step("propose")
        for complaint in self:
            complaint._do_step("propose", {"date_solution": fields.Datetime.now(), "proposed_by_id": self.env.uid})
            complaint._clock_stop("handle")
            if complaint.needs_goodwill_approval:
                complaint._approval_request("goodwill")

    def action_revise_solution(self):
        """Take the proposed solution back to change it."""
        self._check_step("revise")
        for complaint in self:
            if complaint._approval_pending("goodwill"):
                complaint._approval_cancel("goodwill", self.env._("The solution is revised."))
            complaint._do_step("revise", complaint._prepare_solution_back_values())

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _solution_write_reasons(self, vals):
        """Return why the values may not be written: a solution that is proposed stands."""
        self.ensure_one()
        if self.state in SOLVED and any(self[name] != vals[name] for name in FROZEN_SOLUTION.intersection(vals)):
            return [
                self.env._(
                    '%s: the solution is proposed. Take it back with "Revise Solution" before changing it.', self.name
                )
            ]
        return []

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_goodwill_limit(self, user):
        """Return what the user may grant alone; None: without limit."""
        self.ensure_one()
        company = self.company_id
        if user.has_group("aftersales_crm.group_aftersales_gm"):
            return None
        if user.has_group("aftersales_crm.group_aftersales_manager"):
            return company.aftersales_goodwill_limit_manager
        return company.aftersales_goodwill_limit_staff

    def _goodwill_above_limit(self, user):
        self.ensure_one()
        limit = self._get_goodwill_limit(user.sudo())
        return limit is not None and self.currency_id.compare_amounts(self.goodwill_amount, limit) > 0

    def _prepare_solution_back_values(self):
        """Return the values that take a solution back."""
        self.ensure_one()
        return {
            "date_solution": False,
            "proposed_by_id": False,
            "second_satisfied": False,
            "second_caller_id": False,
            "second_exception": False,
            "second_exception_by_id": False,
            "solution_round": self.solution_round + 1,
        }

    # ------------------------------------------------------------
    # APPROVAL
    # ------------------------------------------------------------

    def _approval_purposes(self):
        return {
            **super()._approval_purposes(),
            "goodwill": {
                "name": self.env._("Goodwill"),
                "group": "aftersales_crm.group_aftersales_gm",
                "content": ["solution", "goodwill_amount", "solution_round"],
            },
        }

    def _approval_independence_reasons(self, purpose, user):
        reasons = super()._approval_independence_reasons(purpose, user)
        if user in self._get_persons_concerned():
            reasons.append(self.env._("%s is concerned by this complaint.", user.name))
        if purpose == "goodwill" and user == self.proposed_by_id:
            reasons.append(self.env._("%s proposed this goodwill.", user.name))
        return reasons

    def _approval_approved(self, approval):
        result = super()._approval_approved(approval)
        self._tell(self.handler_id | self.owner_id, lambda c: (c.env._("%s: goodwill approved", c.name), c.solution))
        return result

    def _approval_returned(self, approval):
        result = super()._approval_returned(approval)
        if self.state == "solution":
            self._do_step("revise", self._prepare_solution_back_values())
        return result
