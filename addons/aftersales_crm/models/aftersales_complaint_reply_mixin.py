from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.complaint_steps import TERMINAL


class AftersalesComplaintReplyMixin(models.AbstractModel):
    """What the customer hears while a complaint is open: acknowledgement, replies, the next update promised, and waiting.

    Waiting pauses the clocks of the handling only: the customer is answered in any case.
    """

    _name = "aftersales.complaint.reply.mixin"
    _description = "Complaint: Replies and Waiting"
    _inherit = ["aftersales.protected.mixin"]

    _protected_fields = frozenset(
        {
            "date_acknowledged",
            "date_replied",
            "promise_reminded",
            "waiting_for",
            "waiting_reason",
        }
    )

    date_acknowledged = fields.Datetime("Acknowledged on", copy=False)
    date_replied = fields.Datetime("First Reply on", copy=False)
    date_promised_update = fields.Datetime(
        "Next Update Promised", copy=False, help="When the customer was promised to hear from us again."
    )
    promise_reminded = fields.Boolean("Reminded of the Promise", copy=False)
    waiting_for = fields.Selection([("customer", "Customer"), ("parts", "Parts")], "Waiting for", copy=False)
    waiting_reason = fields.Char("Why Waiting", copy=False)
    clock_light = fields.Selection(
        [("green", "In Time"), ("amber", "Soon Due"), ("red", "Late"), ("paused", "Waiting"), ("none", "No Clock")],
        "Clock",
        compute="_compute_clock_light",
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("next_deadline", "waiting_for", "state")
    def _compute_clock_light(self):
        now = fields.Datetime.now()
        for complaint in self:
            if complaint.waiting_for:
                complaint.clock_light = "paused"
            elif not complaint.next_deadline or complaint.state in TERMINAL:
                complaint.clock_light = "none"
            elif complaint.next_deadline <= now:
                complaint.clock_light = "red"
            else:
                soon = complaint.next_deadline <= now + timedelta(hours=4)
                complaint.clock_light = "amber" if soon else "green"

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_acknowledge(self):
        """Give the customer the number: by e-mail when there is an address, else recorded as told."""
        self._check_people()
        template = self.env.ref("aftersales_crm.mail_template_complaint_acknowledge", raise_if_not_found=False)
        for complaint in self.filtered(lambda c: not c.date_acknowledged):
            complaint._check_open()
            if complaint.partner_id.email and template:
                template.send_mail(complaint.id)
                body = self.env._("Acknowledgement with the number sent to the customer by e-mail.")
            else:
                body = self.env._("The customer was told the number of the complaint.")
            complaint._write_protected({"date_acknowledged": fields.Datetime.now()})
            complaint.message_post(body=body)

    def action_reply(self, note, date_promised_update=None):
        """Record what the customer was told; the first reply stops its clocks."""
        self._check_people()
        self._check_worker()
        if not (note or "").strip():
            raise UserError(self.env._("Write down what the customer was told."))
        for complaint in self:
            complaint._check_open()
            complaint._clock_stop("first_reply")
            complaint._clock_stop("customer_reply")
            if not complaint.date_replied:
                complaint._write_protected({"date_replied": fields.Datetime.now()})
            if date_promised_update:
                complaint.date_promised_update = date_promised_update
            complaint.message_post(body=self.env._("Reply to the customer: %s", note))

    def action_pause(self, waiting_for, reason):
        """Pause the handling clocks while waiting for the customer or for parts."""
        self._check_reason(reason)
        self._check_people()
        self._check_worker()
        if waiting_for not in dict(self._fields["waiting_for"].selection):
            raise UserError(self.env._("Say what the case waits for: the customer or parts."))
        for complaint in self:
            complaint._check_open()
            if complaint.waiting_for:
                raise UserError(self.env._("%s is waiting already.", complaint.name))
            complaint._clock_pause(reason, codes=["handle", "solve"])
            complaint._write_protected({"waiting_for": waiting_for, "waiting_reason": reason})
            complaint.message_post(body=self.env._("Clocks paused: %s", reason))

    def action_resume(self):
        """Let the clocks run on."""
        self._check_people()
        self._check_worker()
        for complaint in self.filtered("waiting_for"):
            complaint._do_resume()

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _do_resume(self):
        for complaint in self:
            complaint._clock_resume(codes=["handle", "solve"])
            complaint._write_protected({"waiting_for": False, "waiting_reason": False})
            complaint.message_post(body=self.env._("Clocks run on."))

    # ------------------------------------------------------------
    # CRON
    # ------------------------------------------------------------

    @api.model
    def _cron_remind_promised_updates(self):
        """Remind the owner of an update that was promised to the customer and is due: once a promise."""
        domain = [
            ("state", "not in", TERMINAL),
            ("date_promised_update", "<=", fields.Datetime.now()),
            ("promise_reminded", "=", False),
        ]
        due = self.search(domain)
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for complaint in due:
            complaint = complaint.try_lock_for_update().filtered_domain(domain)
            if complaint:
                complaint._write_protected({"promise_reminded": True})
                complaint._tell(
                    complaint.owner_id | complaint.handler_id,
                    self.env._("%s: the customer was promised an update", complaint.name),
                    self.env._("Call the customer now and write down what was said."),
                )
            if not self.env["ir.cron"]._commit_progress(1):
                break
