from odoo import api, fields, models
from odoo.exceptions import UserError


class AftersalesClockMixin(models.AbstractModel):
    """Lets a document carry named clocks. The document says when they start, pause and stop; the ledger says the rest."""

    _name = "aftersales.clock.mixin"
    _inherit = ["aftersales.protected.mixin"]
    _description = "Document with Clocks"

    _protected_fields = frozenset({"next_deadline", "clock_breached"})

    clock_ids = fields.One2many(
        "aftersales.clock",
        "res_id",
        string="Clocks",
        domain=lambda self: [("res_model", "=", self._name)],
        readonly=True,
        copy=False,
        bypass_search_access=True,
    )
    next_deadline = fields.Datetime(readonly=True, copy=False, index="btree_not_null")
    clock_breached = fields.Boolean(string="Deadline Breached", readonly=True, copy=False)
    time_left = fields.Char(compute="_compute_time_left")

    @api.depends("next_deadline")
    def _compute_time_left(self):
        # One prefetch for the clocks of all records: a filtered set would read its ledgers record by record.
        running = {}
        for clock in self.clock_ids.sudo():
            if clock.state == "running":
                running.setdefault((clock.res_id, clock.date_deadline), clock)
        for record in self:
            clock = running.get((record._origin.id, record.next_deadline))
            record.time_left = clock.time_left if clock else False

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_clocks(self):
        if self.sudo().clock_ids:
            raise UserError(
                self.env._(
                    "%(names)s: a document whose clocks have run is evidence and cannot be deleted. Close or cancel it.",
                    names=", ".join(self.filtered("clock_ids").mapped("display_name")),
                )
            )

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _clock_calendars(self):
        """``{record id: working calendar}`` of documents that have one of their own; the others use their company's."""
        return {}

    def _clock_company(self):
        return self.company_id or self.env.company

    def _clock_start(self, code, at=None, level=None, reason=None, policy_code=None, deadline=None):
        """Start the named clock on each record; a stopped one is reopened, a running one left alone.

        Nothing happens where no policy grants this clock a time.

        :param policy_code: name in the policies, where a document has several clocks of a kind (`update_7`: `update`)
        :param datetime deadline: a promised moment (naive UTC): granted instead of the policy's time, on its ladder
        """
        at = at or fields.Datetime.now()
        existing = self._clocks(code)
        existing.filtered(lambda clock: clock.state == "stopped")._record_event("reopen", at, reason)
        new = self.browse(set(self.ids) - set(existing.mapped("res_id")))
        for company, records in new.grouped(lambda record: record._clock_company()).items():
            day = company._aftersales_local(at).date()
            policy = self.env["aftersales.sla.policy"]._find(self._name, policy_code or code, level, company, day)
            if policy:
                values = {
                    "code": code,
                    "res_model": self._name,
                    "company_id": company.id,
                    "policy_id": policy.id,
                    "level": level,
                }
                clocks = (
                    self.env["aftersales.clock"]
                    .sudo()
                    ._create_protected([dict(values, res_id=record.id) for record in records])
                )
                clocks._record_event("start", at, reason, policy, level, deadline)

    def _clock_stop(self, code, at=None, reason=None):
        """Stop the named clock where it runs or is paused; whether it was met follows from the ledger."""
        self._clocks(code).filtered(lambda clock: clock.state != "stopped")._record_event("stop", at, reason)

    def _clock_pause(self, reason, codes=None, at=None):
        """Pause the running clocks (all, or those of `codes`); who, when and why are kept."""
        self._clocks(codes).filtered(lambda clock: clock.state == "running")._record_event("pause", at, reason)

    def _clock_resume(self, codes=None, at=None, reason=None):
        """Let the paused clocks run on."""
        self._clocks(codes).filtered(lambda clock: clock.state == "paused")._record_event("resume", at, reason)

    def _clock_reopen(self, code, at=None, reason=None):
        """Let a stopped clock run on: the time used so far stays used."""
        self._clocks(code).filtered(lambda clock: clock.state == "stopped")._record_event("reopen", at, reason)

    def _clock_change(self, level, at=None, reason=None, codes=None):
        """Give the open clocks (all, or those of `codes`) the policy of another level from this moment; the time used
        so far stays used."""
        for clock in self._clocks(codes).filtered(lambda clock: clock.state != "stopped"):
            company = clock.company_id
            policy = self.env["aftersales.sla.policy"]._find(
                clock.res_model, clock.code, level, company, company._aftersales_local(fields.Datetime.now()).date()
            )
            clock._write_protected({"level": level})
            if policy and policy != clock.policy_id:
                clock._write_protected({"policy_id": policy.id})
                clock._record_event("change", at, reason, policy, level)

    def _clocks(self, codes=None):
        """The clocks of these records (superuser mode: rights are those of the document)."""
        domain = [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        if codes:
            domain.append(("code", "in", [codes] if isinstance(codes, str) else list(codes)))
        return self.env["aftersales.clock"].sudo().search(domain)

    # ------------------------------------------------------------
    # ESCALATION
    # ------------------------------------------------------------

    def _clock_recipients(self, role):
        """Users behind a role of the document; models say who has it in hand (`owner`)."""
        return self.env["res.users"]

    def _clock_group_users(self, group):
        """Active users of a role in the store of the document. Implied roles do not count: a general manager is told
        as a general manager."""
        return group.sudo().user_ids.filtered(
            lambda user: user.active and not user.share and self._clock_company() in user.company_ids
        )

    def _clock_breached(self, clock):
        """Hook, called once when a clock of this record is breached."""

    def _clock_notice_record(self):
        """The document whose chatter and activities carry the notices of this one's clocks."""
        return self

    def _clock_notify(self, clock, rule, users):
        """Tell `users` of a rung: activity and message in their own language, once each."""
        self.ensure_one()
        for user in users:
            record = self._clock_notice_record().with_context(lang=user.lang)
            deadline = fields.Datetime.context_timestamp(record.with_context(tz=user.tz), clock.date_deadline)
            text = record.env._(
                "%(rung)s: '%(clock)s' of %(document)s, deadline %(deadline)s.",
                rung=rule.with_context(lang=user.lang).name,
                clock=clock.with_context(lang=user.lang).name,
                document=record.display_name,
                deadline=deadline.strftime("%Y-%m-%d %H:%M"),
            )
            if rule.channel in ("message", "both"):
                record.message_notify(
                    partner_ids=user.partner_id.ids, body=text, subject=record.display_name, model_description=False
                )
            if rule.channel in ("activity", "both"):
                self._clock_remind(record, clock, user, text, deadline.date())

    def _clock_remind(self, record, clock, user, text, day):
        """One reminder a person and document: a further rung renews the one that is there."""
        kind = "aftersales_crm.mail_act_aftersales_deadline"
        values = {"summary": text, "date_deadline": day, "aftersales_clock_id": clock.id}
        reminder = record.activity_search([kind], user_id=user.id)[:1]
        if reminder:
            reminder.write(values)
        else:
            record.activity_schedule(kind, user_id=user.id, **values)
