from datetime import timedelta
from random import SystemRandom

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.truth import agreement, draw_share

STATES = [
    ("drawn", "To Be Re-checked"),
    ("done", "Re-checked"),
    ("unreachable", "Not Reached"),
    ("refused", "Refused"),
    ("invalid", "Invalid Number or Owner"),
    ("lapsed", "Lapsed"),
    ("dropped", "Must Not Be Called"),
]
# Ends of a callback that its caller brings about
CLOSED_BY_CALLER = ("done", "refused", "invalid", "unreachable")


class AftersalesCallbackRecheck(models.Model):
    """A completed call that is asked again, blind, by somebody else than its caller (DOMAIN.md, section 4).

    | Action                 | Who                   | Restriction                                                   |
    |------------------------|-----------------------|---------------------------------------------------------------|
    | draw                   | the system, nightly   | every completed call once, each with the same probability     |
    | read                   | manager, GM           | never of one's own calls; consultants know of none            |
    | ask again              | manager               | not the caller, not on the order, consent holds, window open  |
    | see both answers       | manager, GM           | after the re-check alone                                      |
    """

    _name = "aftersales.callback.recheck"
    _description = "Re-check of a Callback"
    _inherit = ["aftersales.protected.mixin"]
    _order = "date_drawn desc, id desc"
    _rec_name = "callback_id"
    _check_company_auto = True
    _protected_append_only = True

    callback_id = fields.Many2one("aftersales.callback", required=True, ondelete="restrict", check_company=True)
    company_id = fields.Many2one("res.company", required=True, index=True)
    partner_id = fields.Many2one(related="callback_id.partner_id", string="Customer")
    vehicle_id = fields.Many2one(related="callback_id.vehicle_id")
    agent_id = fields.Many2one("res.users", "Caller", required=True, index=True)
    date_call = fields.Datetime("Called On", required=True)
    date_drawn = fields.Datetime("Drawn On", required=True)
    date_lapse = fields.Date("Until", required=True, help="The last day of the re-check: later nobody remembers well.")
    state = fields.Selection(STATES, "Status", required=True, index=True)
    user_id = fields.Many2one("res.users", "Re-checked By", index="btree_not_null")
    date_done = fields.Datetime("Re-checked On")
    failed_count = fields.Integer("Failed Attempts")
    date_last_attempt = fields.Datetime("Last Attempt")
    call_later = fields.Datetime("Agreed Time")
    outcome_id = fields.Many2one("aftersales.callback.outcome", index="btree_not_null")
    duration = fields.Integer("Duration (s)")
    note = fields.Text()
    answer_ids = fields.One2many("aftersales.callback.recheck.answer", "recheck_id", "Answers")
    compared_count = fields.Integer("Answers Compared")
    agreed_count = fields.Integer("Answers That Agree")
    agreement = fields.Float(compute="_compute_agreement", store=True, aggregator="avg", digits=(5, 1))
    claimed_by_id = fields.Many2one("res.users", "On the Screen Of")
    date_claimed = fields.Datetime("Claimed On")

    _callback_uniq = models.UniqueIndex("(callback_id)", "This call has been drawn already.")
    _open_idx = models.Index("(company_id, date_lapse) WHERE state = 'drawn'")

    @api.depends("compared_count", "agreed_count")
    def _compute_agreement(self):
        for recheck in self:
            recheck.agreement = 100.0 * recheck.agreed_count / recheck.compared_count if recheck.compared_count else 0.0

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    @api.model
    def action_open_next(self):
        """Open the call screen on the next re-check."""
        action = self.env["ir.actions.actions"]._for_xml_id("aftersales_crm.aftersales_recheck_screen_action")
        return {**action, "params": {"model": self._name}}

    def action_open_call(self):
        """Open the call screen on this re-check."""
        self.ensure_one()
        return {**self.action_open_next(), "params": {"model": self._name, "callback_id": self.id}}

    def action_open_callback(self):
        """Open the call that was re-checked; before that its answers are nobody's business."""
        self.ensure_one()
        if self.state == "drawn":
            raise UserError(self.env._("Ask the customer first: a re-check is blind."))
        return self.callback_id._get_records_action()

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _draw(self, company, chance=None):
        """Draw the share of the store from the calls completed since the last draw, agent by agent.

        Each completed call is looked at exactly once, so that drawing more often changes no probability.

        :param chance: the dice; a test brings its own
        :return: the new re-checks
        """
        calls = (
            self.env["aftersales.callback"]
            .search(
                [("company_id", "=", company.id), ("state", "in", CLOSED_BY_CALLER), ("is_truth_checked", "=", False)]
            )
            .try_lock_for_update()
        )
        self.env["aftersales.callback.flag"]._raise_flags(company, calls)
        completed = calls.filtered("is_completed") - calls._blocked()
        share = company.aftersales_recheck_share / 100.0
        now = fields.Datetime.now()
        lapse = company._aftersales_today() + timedelta(days=company.aftersales_recheck_days)
        drawn = [
            {
                "callback_id": callback.id,
                "company_id": company.id,
                "agent_id": agent.id,
                "date_call": callback.date_done,
                "date_drawn": now,
                "date_lapse": lapse,
                "state": "drawn",
            }
            for agent, theirs in completed._callers().items()
            for callback in draw_share(theirs, share, chance or SystemRandom())
        ]
        calls._write_protected({"is_truth_checked": True})
        rechecks = self._create_protected(drawn)
        rechecks.callback_id._write_protected({"is_recheck_open": True})
        return rechecks

    def _close(self, values):
        """End re-checks: from now on both answers may be seen."""
        if values["state"] == "dropped":
            for recheck in self.filtered("claimed_by_id"):
                payload = {"model": self._name, "id": recheck.id}
                recheck.claimed_by_id.sudo()._bus_send("aftersales_call_stop", payload)
        self._write_protected({"claimed_by_id": False, "date_claimed": False, "call_later": False, **values})
        self.callback_id.sudo()._write_protected({"is_recheck_open": False})

    def _compare(self):
        """Compare the answers of the two calls, after the second one."""
        for recheck in self:
            first, second = (
                {answer.question_id: (answer.kind, answer._raw_value()) for answer in answers if answer.is_answered}
                for answers in (recheck.callback_id.sudo().answer_ids, recheck.answer_ids)
            )
            compared, agreed = agreement(first, second)
            recheck._write_protected({"compared_count": compared, "agreed_count": agreed})

    @api.model
    def _lapse(self, company):
        """Close the re-checks whose days are over; what agreed nothing is counted, never dropped silently."""
        over = self.search(
            [
                ("company_id", "=", company.id),
                ("state", "=", "drawn"),
                ("date_lapse", "<", company._aftersales_today()),
            ]
        ).try_lock_for_update()
        over._close({"state": "lapsed"})
        return over

    # ------------------------------------------------------------
    # CRON
    # ------------------------------------------------------------

    @api.model
    def _cron_check_truth(self):
        """Every night: look at the calls completed since, raise flags, draw re-checks, close those that have lapsed."""
        unseen = [("state", "in", CLOSED_BY_CALLER), ("is_truth_checked", "=", False)]
        groups = self.env["aftersales.callback"]._read_group(unseen, ["company_id"])
        groups += self._read_group([("state", "=", "drawn")], ["company_id"])
        companies = self.env["res.company"].union(*(company for (company,) in groups))
        self.env["ir.cron"]._commit_progress(remaining=len(companies))
        for company in companies:
            rechecks = self.with_company(company)
            rechecks._lapse(company)
            rechecks._draw(company)
            if not self.env["ir.cron"]._commit_progress(1):
                break
