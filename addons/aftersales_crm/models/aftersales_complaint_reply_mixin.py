from odoo import fields, models
from odoo.exceptions import UserError


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
            "date_promised_update",
            "waiting_for",
            "waiting_reason",
        }
    )

    date_acknowledged = fields.Datetime("Acknowledged on", copy=False)
    date_replied = fields.Datetime("First Reply on", copy=False)
    date_promised_update = fields.Datetime(
        "Next Update Promised", copy=False, help="When the customer was promised to hear from us again."
    )
    waiting_for = fields.Selection([("customer", "Customer"), ("parts", "Parts")], "Waiting for", copy=False)
    waiting_reason = fields.Char("Why Waiting", copy=False)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_acknowledge(self):
        """Give the customer the number: by e-mail when there is an address, else recorded as told."""
        self._check_people()
        self._check_contact()
        self._check_open()
        self._do_acknowledge()

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
            complaint._do_promise(date_promised_update)
            complaint.message_post(body=self.env._("Reply to the customer: %s", note))

    def action_promise(self, date_promised_update):
        """Promise the customer when they hear from us again.

        :param datetime date_promised_update: naive UTC
        """
        self._check_people()
        self._check_worker()
        if not date_promised_update:
            raise UserError(self.env._("Say when the customer hears from us again."))
        for complaint in self:
            complaint._check_open()
            if complaint.promise_ids.filtered(lambda promise: promise.state == "open"):
                raise UserError(
                    self.env._("%s: an update is promised already. Reply to the customer first.", complaint.name)
                )
            complaint._do_promise(date_promised_update)

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

    def _do_acknowledge(self):
        template = self.env.ref("aftersales_crm.mail_template_complaint_acknowledge", raise_if_not_found=False)
        for complaint in self.filtered(lambda c: not c.date_acknowledged):
            if template and complaint._may_acknowledge_by_mail():
                complaint._mail_to_customer(template)
                body = self.env._("Acknowledgement with the number sent to the customer by e-mail.")
            else:
                body = self.env._("The customer was told the number of the complaint.")
            complaint._write_protected({"date_acknowledged": fields.Datetime.now()})
            complaint.message_post(body=body)

    def _do_promise(self, date_promised):
        """The customer hears from us: the promise before is over; a new one, if any, begins."""
        self.ensure_one()
        date_promised = fields.Datetime.to_datetime(date_promised)
        if date_promised and date_promised <= fields.Datetime.now():
            raise UserError(self.env._("%s: an update is promised for a moment to come.", self.name))
        self.sudo().promise_ids._end()
        if date_promised:
            self.env["aftersales.complaint.promise"]._make(self, date_promised)
        if self.date_promised_update != (date_promised or False):
            self._write_protected({"date_promised_update": date_promised or False})

    def _do_resume(self):
        for complaint in self:
            complaint._clock_resume(codes=["handle", "solve"])
            complaint._write_protected({"waiting_for": False, "waiting_reason": False})
            complaint.message_post(body=self.env._("Clocks run on."))
