from datetime import timedelta

from odoo import api, fields, models


class AftersalesHandover(models.Model):
    """Chain of custody of a complaint: who had it, from when until when."""

    _name = "aftersales.handover"
    _description = "Complaint Hand-over"
    _inherit = ["aftersales.protected.mixin"]
    _order = "date_proposed desc, id desc"
    _protected_append_only = True

    complaint_id = fields.Many2one("aftersales.complaint", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="complaint_id.company_id", store=True, index=True)
    from_id = fields.Many2one("res.users", "Handed Over by", readonly=True)
    to_id = fields.Many2one("res.users", "Handed Over to", required=True, readonly=True, index=True)
    state = fields.Selection(
        [("proposed", "Proposed"), ("accepted", "Accepted"), ("refused", "Refused"), ("returned", "Returned")],
        "Status",
        required=True,
        default="proposed",
        readonly=True,
        index=True,
    )
    reason = fields.Char(readonly=True)
    refuse_reason = fields.Char("Why Refused", readonly=True)
    date_proposed = fields.Datetime("Proposed on", default=fields.Datetime.now, required=True, readonly=True)
    date_answered = fields.Datetime("Answered on", readonly=True)
    # Custody: only of accepted hand-overs
    date_from = fields.Datetime("In Hand from", readonly=True)
    date_to = fields.Datetime("In Hand until", readonly=True)
    hours = fields.Float("Hours in Hand", compute="_compute_hours")
    hours_done = fields.Float(
        "Hours until Handed On", compute="_compute_hours_done", store=True, help="Of hands that have ended, for sums."
    )

    _one_open = models.UniqueIndex(
        "(complaint_id) WHERE state = 'proposed'", "This complaint waits for the answer to a hand-over already."
    )
    _one_hand = models.UniqueIndex(
        "(complaint_id) WHERE state = 'accepted' AND date_to IS NULL", "A complaint is in one hand at a time."
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    def _compute_hours(self):
        now = fields.Datetime.now()
        for handover in self:
            end = handover.date_to or now
            start = handover.date_from
            handover.hours = (end - start).total_seconds() / 3600 if start else 0.0

    @api.depends("date_from", "date_to")
    def _compute_hours_done(self):
        for handover in self:
            done = handover.date_from and handover.date_to
            handover.hours_done = (handover.date_to - handover.date_from).total_seconds() / 3600 if done else 0.0

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _do_return(self, state, reason):
        """Give a hand-over back that was refused or not answered: the case stays with its owner."""
        for handover_sudo in self.sudo():
            complaint_sudo = handover_sudo.complaint_id
            handover_sudo._write_protected(
                {"state": state, "refuse_reason": reason, "date_answered": fields.Datetime.now()}
            )
            complaint_sudo._write_protected({"handover_to_id": False})
            complaint_sudo._tell(
                handover_sudo.from_id,
                lambda c: (c.env._("%s stays with you: the hand-over was not accepted", c.name), reason),
            )

    # ------------------------------------------------------------
    # CRON
    # ------------------------------------------------------------

    @api.model
    def _cron_return_unanswered(self):
        """Return hand-overs that nobody answered within the hours of the store."""
        for company in self.env["res.company"].search([("resource_calendar_id", "!=", False)]):
            limit = fields.Datetime.now() - timedelta(hours=company.aftersales_handover_hours)
            domain = [("company_id", "=", company.id), ("state", "=", "proposed"), ("date_proposed", "<=", limit)]
            due = self.search(domain)
            self.env["ir.cron"]._commit_progress(remaining=len(due))
            for handover in due:
                handover = handover.try_lock_for_update().filtered_domain(domain)
                if handover:
                    handover._do_return("returned", self.env._("Not answered in time."))
                if not self.env["ir.cron"]._commit_progress(1):
                    return
