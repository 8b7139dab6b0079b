from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

MAX_FAILED = 3


class AftersalesCallbackRecheck(models.Model):
    """The call screen of a re-check: the same methods as those of a callback, so that the same screen serves both.

    Blind: of the first call nothing is shown but that there was one.
    """

    _inherit = "aftersales.callback.recheck"

    # ------------------------------------------------------------
    # CALL SCREEN
    # ------------------------------------------------------------

    @api.model
    def get_call(self, callback_id=None, skip_ids=None):
        """Claim a re-check for the current user and return all that the screen shows.

        :param int callback_id: this re-check; the next one when empty
        :param list[int] skip_ids: re-checks that the user put aside
        :return: {'call': dict or False, 'queue': counts}
        """
        self._check_asker_group()
        if callback_id:
            recheck = self.browse(int(callback_id)).exists()
            if not recheck:
                raise UserError(self.env._("This re-check does not exist any more. Open the next one."))
            recheck.check_access("write")
            recheck._check_askable()
        else:
            recheck = self._find_next([int(skip) for skip in skip_ids or []])
        if recheck:
            recheck._do_claim()
        return {"call": recheck._prepare_call() if recheck else False, "queue": self._get_queue()}

    def keep_call(self):
        """Heartbeat of the open screen: hold the claim, and say at once when the customer must not be called."""
        self.ensure_one()
        self._check_asker_group()
        self.check_access("write")
        try:
            self._check_askable()
        except UserError as error:
            return {"ok": False, "reason": str(error)}
        self._write_protected({"claimed_by_id": self.env.uid, "date_claimed": fields.Datetime.now()})
        return {"ok": True, "reason": ""}

    def action_release_call(self):
        """Give an open re-check back."""
        self._check_asker_group()
        self.check_access("write")
        mine = self.filtered(lambda recheck: recheck.claimed_by_id == self.env.user)
        mine._write_protected({"claimed_by_id": False, "date_claimed": False})
        return True

    def action_save_call(
        self,
        outcome_code,
        answers=None,
        duration=0,
        channel="phone",
        call_later=None,
        note=None,
        demand=False,
        phone=None,
        client_key=None,
        next_call=False,
        skip_ids=None,
    ):
        """Save what the customer said when asked again; see `aftersales.callback.action_save_call`.

        A demand is not taken here, because a re-check raises no case: it is opened by hand.

        :return: {'id', 'state', 'state_label'} and, with `next_call`, what `get_call` returns
        """
        self.ensure_one()
        self._check_asker_group()
        self.check_access("write")
        self.lock_for_update(allow_referencing=True)
        # A request that was sent again after a lost answer finds its re-check saved by the same person.
        repeated = self.state != "drawn" and self.user_id == self.env.user
        if not repeated:
            self._check_askable()
            if demand:
                raise ValidationError(self.env._("A re-check takes no demand. Open a complaint for it."))
            callback = self.callback_id
            self._do_save(
                callback._find_outcome(outcome_code),
                answers=callback._prepare_answers(answers),
                duration=callback._check_duration(duration),
                call_later=callback._parse_call_later(call_later),
                note=(note or "").strip(),
            )
        result = {"id": self.id, "state": self.state, "state_label": self._selection_label("state")}
        if next_call:
            result.update(self.get_call(skip_ids=skip_ids))
        return result

    # ------------------------------------------------------------
    # BUSINESS: who may ask whom
    # ------------------------------------------------------------

    def _check_asker_group(self):
        if not self.env.user.has_group("aftersales_crm.group_aftersales_manager"):
            raise AccessError(self.env._("Only the service manager re-checks calls."))

    def _check_askable(self):
        """Raise, with the reason, when the current user must not ask this customer again now."""
        self.ensure_one()
        user, callback = self.env.user, self.callback_id
        if self.state != "drawn":
            raise UserError(
                self.env._(
                    "This re-check is closed: %(state)s. Open the next one.", state=self._selection_label("state")
                )
            )
        if callback._blocked():
            callback._refuse_blocked()
        if self.agent_id == user:
            raise UserError(self.env._("You made this call yourself: somebody else must ask again."))
        if callback._is_involved(user):
            raise UserError(self.env._("You worked on this order yourself: somebody else must ask again."))
        if self.date_lapse < self.company_id._aftersales_today():
            raise UserError(self.env._("The re-check ended on %(day)s.", day=format_date(self.env, self.date_lapse)))
        minutes = self.company_id.aftersales_callback_claim_minutes
        held = self.claimed_by_id and self.claimed_by_id != user
        if held and self.date_claimed >= fields.Datetime.now() - timedelta(minutes=minutes):
            raise UserError(
                self.env._("%(user)s has this re-check on the screen. Open the next one.", user=self.claimed_by_id.name)
            )

    # ------------------------------------------------------------
    # BUSINESS: queue
    # ------------------------------------------------------------

    @api.model
    def _queue_domain(self, skip_ids=()):
        company = self.env.company
        now = fields.Datetime.now()
        day_start = company._aftersales_day_start(company._aftersales_today())
        released = now - timedelta(minutes=company.aftersales_callback_claim_minutes)
        return [
            ("company_id", "=", company.id),
            ("state", "=", "drawn"),
            ("agent_id", "!=", self.env.uid),
            ("date_lapse", ">=", company._aftersales_today()),
            "|",
            "&",
            ("call_later", "!=", False),
            ("call_later", "<=", now),
            "&",
            ("call_later", "=", False),
            "|",
            ("date_last_attempt", "=", False),
            ("date_last_attempt", "<", day_start),
            "|",
            ("claimed_by_id", "in", (False, self.env.uid)),
            ("date_claimed", "<", released),
            ("id", "not in", list(skip_ids)),
        ]

    @api.model
    def _find_next(self, skip_ids=()):
        """Lock and return the next re-check of the current user; who must not be called is taken out."""
        skipped = list(skip_ids)
        while True:
            waiting = self.search(self._queue_domain(skipped), order="call_later, date_lapse, id", limit=20)
            recheck = waiting.sorted(lambda r: r.claimed_by_id != self.env.user).try_lock_for_update(limit=1)
            if not recheck:
                return recheck
            if recheck.callback_id._blocked():
                recheck._close({"state": "dropped"})
            elif not recheck.callback_id._is_involved(self.env.user):
                return recheck
            skipped.append(recheck.id)

    def _do_claim(self):
        self.lock_for_update(allow_referencing=True)
        if self.claimed_by_id != self.env.user:
            self.callback_id._note_number_shown()
        self._write_protected({"claimed_by_id": self.env.uid, "date_claimed": fields.Datetime.now()})

    @api.model
    def _get_queue(self):
        company = self.env.company
        start = company._aftersales_day_start(company._aftersales_today())
        done = self.search(
            [("company_id", "=", company.id), ("user_id", "=", self.env.uid), ("date_last_attempt", ">=", start)]
        )
        reached = done.filtered(lambda recheck: recheck.outcome_id.outcome_class == "reached")
        return {"left": self.search_count(self._queue_domain()), "done": len(done), "reached": len(reached)}

    def _prepare_call(self):
        """What the screen of a callback shows, without anything that the first caller wrote down."""
        self.ensure_one()
        sheet = self.callback_id._prepare_call()
        script = {
            **sheet["script"],
            "opening": self.env._(
                "Good day, this is %(agent)s of %(dealer)s, am I speaking to %(customer)s? A colleague called you on "
                "%(day)s. May I ask you the same questions once more, so that we know that we understood you correctly?",
                agent=self.env.user.name,
                dealer=self.company_id.name,
                customer=self.partner_id.name,
                day=format_date(self.env, self.company_id._aftersales_local(self.date_call).date()),
            ),
        }
        return {
            **sheet,
            "id": self.id,
            "kind_label": self.env._("Blind Re-check"),
            "is_recheck": True,
            "until": format_date(self.env, self.date_lapse),
            "explanation": self.env._("Drawn at random. The answers of the first call are shown afterwards."),
            "remark": "",
            "answers": {},
            "attempts": [],
            "script": script,
        }

    # ------------------------------------------------------------
    # BUSINESS: save
    # ------------------------------------------------------------

    def _do_save(self, outcome, *, answers, duration, call_later, note):
        callback, now = self.callback_id, fields.Datetime.now()
        step = outcome.next_step
        if outcome.outcome_class != "reached":
            callback._check_nobody_spoke(outcome, answers, False)
        self._check_later(step, call_later, now)
        if step in ("complete", "partial"):
            self._check_complete(step, answers)
        self._write_protected(
            {
                "user_id": self.env.uid,
                "outcome_id": outcome.id,
                "date_last_attempt": now,
                "duration": duration,
                "note": note or self.note,
                "claimed_by_id": False,
                "date_claimed": False,
                "call_later": call_later,
            }
        )
        if answers:
            self._do_answer(answers)
        if step in ("complete", "partial"):
            self._close({"state": "done", "date_done": now})
            self._compare()
        elif step in ("refuse", "withdraw"):
            self._close({"state": "refused", "date_done": now})
            if step == "withdraw":
                self.env["aftersales.consent"].with_company(self.company_id)._withdraw(
                    self.partner_id, reason=self.env._("Said on the re-check of callback %s", callback.name)
                )
        elif step == "retry":
            self._write_protected({"failed_count": self.failed_count + 1})
            if self.failed_count >= MAX_FAILED:
                self._close({"state": "unreachable", "date_done": now})
        elif step != "call_later":
            self._close({"state": "invalid", "date_done": now})

    def _check_later(self, step, call_later, now):
        if (step == "call_later") != bool(call_later) or (call_later and call_later <= now):
            raise ValidationError(
                self.env._("Enter the agreed time of the next call, for the outcome “Call Later” only.")
            )
        if call_later and self.company_id._aftersales_local(call_later).date() > self.date_lapse:
            raise ValidationError(
                self.env._(
                    "The re-check ends on %(last)s. Agree on a time until then.",
                    last=format_date(self.env, self.date_lapse),
                )
            )

    def _check_complete(self, step, answers):
        if not answers:
            raise ValidationError(self.env._("No question has been answered. Choose another outcome."))
        required = self.callback_id._questionnaire_to_use().question_ids.filtered("is_required")
        missing = required - self.env["aftersales.question"].union(*answers)
        if step == "complete" and missing:
            raise ValidationError(
                self.env._(
                    "Not answered yet: %(questions)s. Ask, or choose “Completed in Part”.",
                    questions="; ".join(missing.mapped("name")),
                )
            )

    def _do_answer(self, answers):
        self.env["aftersales.callback.recheck.answer"].sudo()._create_protected(
            [
                {
                    **self.callback_id._complete_answer(question, values),
                    "recheck_id": self.id,
                    "callback_id": self.callback_id.id,
                    "question_id": question.id,
                }
                for question, values in answers.items()
                if question.id not in self.answer_ids.question_id.ids
            ]
        )
