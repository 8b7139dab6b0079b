from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.complaint_steps import TERMINAL


class AftersalesComplaintExternal(models.Model):
    """An external body in a complaint: when it came in, what it demands, what it was answered, how it ended.

    Its two clocks (`external_answer`, `external_settle`) are the complaint's, by policies of the body; the demands are
    those in force on the day.

    ===========  =================  =====================================================
    Step         Who                Only when
    ===========  =================  =====================================================
    answer       SM, GM, handler    open; an answer; every demanded item filled in
    settle       SM, GM, handler    answered; the result
    ===========  =================  =====================================================
    """

    _name = "aftersales.complaint.external"
    _description = "External Body in a Complaint"
    _inherit = ["aftersales.protected.mixin"]
    _order = "date_involved, id"
    _check_company_auto = True
    _protected_fields = frozenset(
        {
            "complaint_id",
            "body_id",
            "state",
            "date_involved",
            "answer",
            "date_answered",
            "answered_by_id",
            "result",
            "date_settled",
        }
    )

    complaint_id = fields.Many2one("aftersales.complaint", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="complaint_id.company_id", store=True, index=True)
    body_id = fields.Many2one(
        "aftersales.external.body", required=True, index=True, ondelete="restrict", check_company=True
    )
    state = fields.Selection(
        [("open", "To Answer"), ("answered", "Replied"), ("settled", "Settled")],
        "Status",
        default="open",
        required=True,
    )
    reference = fields.Char(help="The number under which the body keeps the case.")
    contact = fields.Char("Contact There")
    demand = fields.Text("What It Wants")
    date_involved = fields.Datetime("Involved on", required=True, default=fields.Datetime.now)
    item_ids = fields.One2many("aftersales.complaint.external.item", "external_id", "Demanded Data")
    answer = fields.Text()
    date_answered = fields.Datetime("Answered on")
    answered_by_id = fields.Many2one("res.users", "Answered by")
    result = fields.Text(help="How the matter ended there.")
    date_settled = fields.Datetime("Settled on")
    missing = fields.Char(compute="_compute_missing")
    date_deadline = fields.Datetime("Until", compute="_compute_date_deadline", compute_sudo=True)

    _body_uniq = models.UniqueIndex(
        "(complaint_id, body_id) WHERE state <> 'settled'", "This body takes part in the complaint already."
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("body_id", "reference")
    def _compute_display_name(self):
        for row in self:
            row.display_name = " ".join(filter(None, (row.body_id.name, row.reference)))

    @api.depends("item_ids.value")
    def _compute_missing(self):
        for row in self:
            row.missing = ", ".join(row.item_ids.filtered(lambda item: not (item.value or "").strip()).mapped("name"))

    @api.depends("state", "complaint_id.clock_ids.date_deadline", "complaint_id.clock_ids.state")
    def _compute_date_deadline(self):
        running = {clock.code: clock.date_deadline for clock in self.complaint_id.clock_ids if clock.state == "running"}
        for row in self:
            row.date_deadline = running.get(row._clock_code("answer")) or running.get(row._clock_code("settle"), False)

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def write(self, vals):
        if not self._has_proof() and any(row.state == "settled" or row.complaint_id.state in TERMINAL for row in self):
            raise UserError(
                self.env._("What is settled, or belongs to a case that has ended, is not changed any more.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_evidence(self):
        raise UserError(self.env._("The part that an external body takes in a complaint is evidence and stays."))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_answer(self, answer):
        """Record the answer to the body; everything that it demands must be there.

        :param str answer: what the body was told
        """
        self._check_step(answer, "open", self.env._("Write down what the body was told."))
        for row in self:
            if row.missing:
                raise UserError(
                    self.env._("%(body)s still demands: %(items)s.", body=row.body_id.name, items=row.missing)
                )
            row._write_protected(
                {
                    "state": "answered",
                    "answer": answer,
                    "date_answered": fields.Datetime.now(),
                    "answered_by_id": self.env.uid,
                }
            )
            row.complaint_id._clock_stop(row._clock_code("answer"))
            row.complaint_id.message_post(
                body=self.env._("Answer to %(body)s: %(answer)s", body=row.body_id.name, answer=answer)
            )

    def action_settle(self, result):
        """Record how the matter ended at the body.

        :param str result: withdrawn there, mediated, decided, published
        """
        self._check_step(result, "answered", self.env._("Write down how the matter ended there."))
        for row in self:
            row._write_protected({"state": "settled", "result": result, "date_settled": fields.Datetime.now()})
            row.complaint_id._clock_stop(row._clock_code("settle"))
            row.complaint_id.message_post(
                body=self.env._("Settled with %(body)s: %(result)s", body=row.body_id.name, result=result)
            )

    def action_open_dialog(self):
        """Open the dialog of the next step."""
        self.ensure_one()
        step = "answer_external" if self.state == "open" else "settle_external"
        return self.complaint_id.with_context(step=step, default_external_id=self.id).action_open_step()

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _check_step(self, text, state, sentence):
        self.check_access("write")
        complaints = self.complaint_id
        complaints._check_people()
        complaints._check_decider_or_handler()
        complaints._check_open()
        if not (text or "").strip():
            raise UserError(sentence)
        if any(row.state != state for row in self):
            raise UserError(self.env._("This step is not possible now: %s.", ", ".join(self.mapped("display_name"))))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _clock_code(self, what):
        """Name of a clock of this row on its complaint."""
        return f"external_{what}_{self.id}"

    @api.model
    def _involve(self, complaint, body, values=None):
        """Add the body to the complaint, with its demands of the day and its clocks."""
        now = fields.Datetime.now()
        row_sudo = self.sudo()._create_protected(
            [{**(values or {}), "complaint_id": complaint.id, "body_id": body.id, "date_involved": now}]
        )
        day = complaint.company_id._aftersales_local(now).date()
        self.env["aftersales.complaint.external.item"].sudo()._create_protected(
            [{"external_id": row_sudo.id, "demand_id": demand.id} for demand in body.sudo().demand_ids._in_force(day)]
        )
        for what in ("answer", "settle"):
            complaint._clock_start(row_sudo._clock_code(what), at=now, level=body.code, policy_code=f"external_{what}")
        return row_sudo.with_env(complaint.env)

    def _move(self, target):
        """A duplicate was merged: the bodies that still wait go on with the other case, their clocks too."""
        for row_sudo in self.sudo().filtered(lambda r: r.state != "settled"):
            source = row_sudo.complaint_id
            row_sudo._write_protected({"complaint_id": target.id})
            for what, done in (("answer", row_sudo.date_answered), ("settle", False)):
                code = row_sudo._clock_code(what)
                source._clock_stop(code)
                if not done:
                    target._clock_start(
                        code, at=row_sudo.date_involved, level=row_sudo.body_id.code, policy_code=f"external_{what}"
                    )

    def _reasons(self):
        """Return what the bodies still wait for: no case ends under them."""
        reasons = []
        for row in self:
            name = row.body_id.name
            if row.state == "open":
                reasons.append(self.env._("Answer %s.", name))
                if row.missing:
                    reasons.append(self.env._("%(body)s still demands: %(items)s.", body=name, items=row.missing))
            elif row.state == "answered" and row.body_id.must_settle:
                reasons.append(self.env._("The matter is not over at %s.", name))
        return reasons
