import re
from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_date, format_datetime

from .aftersales_callback_attempt import CHANNELS

_MOBILE = re.compile(r"^(?:\+?86)?1[3-9]\d{9}$")
HISTORY_LIMIT = 5


class AftersalesCallback(models.Model):
    """The call screen: claim the next call, show all the caller needs, save in one round trip."""

    _inherit = "aftersales.callback"

    # ------------------------------------------------------------
    # CALL SCREEN
    # ------------------------------------------------------------

    @api.model
    def get_call(self, callback_id=None, skip_ids=None):
        """Claim a call for the current user and return all that the screen shows.

        :param int callback_id: this call; the next one of the queue when empty
        :param list[int] skip_ids: calls that the user put aside in this session
        :return: {'call': dict or False, 'queue': counts}
        """
        self._check_caller_group()
        if callback_id:
            callback = self.browse(int(callback_id)).exists()
            if not callback:
                raise UserError(self.env._("This callback does not exist any more. Open the next call."))
            callback.check_access("write")
            callback._check_callable()
        else:
            callback = self._find_next_call([int(skip) for skip in skip_ids or []])
        if callback:
            callback._do_claim()
        return {"call": callback._prepare_call() if callback else False, "queue": self._get_queue()}

    def keep_call(self):
        """Heartbeat of the open screen: hold the claim, and say at once when the call must not be made any more."""
        self.ensure_one()
        self._check_caller_group()
        self.check_access("write")
        try:
            self._check_callable()
        except UserError as error:
            return {"ok": False, "reason": str(error)}
        self._write_protected({"claimed_by_id": self.env.uid, "date_claimed": fields.Datetime.now()})
        return {"ok": True, "reason": ""}

    def action_release_call(self):
        """Give an open call back to the queue."""
        self._check_caller_group()
        self.check_access("write")
        mine = self.filtered(lambda c: c.claimed_by_id == self.env.user)
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
        """Save one attempt with its answers and let the outcome drive the next step.

        :param str outcome_code: code of an `aftersales.callback.outcome`
        :param dict answers: {question id: value}; see `aftersales.question._prepare_answer_values`
        :param int duration: seconds
        :param call_later: agreed time (UTC) for the outcome that asks for one
        :param bool demand: the customer demands a result
        :param str client_key: made by the client; the same key saved again changes nothing
        :param bool next_call: claim and return the next call in the same round trip
        :return: {'id', 'state', 'state_label'} and, with `next_call`, what `get_call` returns
        """
        self.ensure_one()
        self._check_caller_group()
        self.check_access("write")
        # Two clicks, two screens or a repeated request: the second one waits for nothing and is told.
        self.lock_for_update(allow_referencing=True)
        attempts = self.env["aftersales.callback.attempt"]
        if client_key is not None and (not isinstance(client_key, str) or len(client_key) > 64):
            raise ValidationError(self.env._("The key of a saved call is a text of at most 64 characters."))
        known = client_key and attempts.search(
            [("callback_id", "=", self.id), ("client_key", "=", client_key)], limit=1
        )
        if not known:
            self._check_callable()
            self._do_save_call(
                self._find_outcome(outcome_code),
                answers=self._prepare_answers(answers),
                duration=self._check_duration(duration),
                channel=self._check_channel(channel),
                call_later=self._parse_call_later(call_later),
                note=(note or "").strip(),
                demand=bool(demand),
                phone=phone or self._phone_to_use(),
                client_key=client_key,
            )
        result = {"id": self.id, "state": self.state, "state_label": self._state_label()}
        if next_call:
            result.update(self.get_call(skip_ids=skip_ids))
        return result

    # ------------------------------------------------------------
    # BUSINESS: queue and claim
    # ------------------------------------------------------------

    @api.model
    def _queue_condition(self, skip_ids=()):
        """SQL condition of the calls that the current user may make now (alias `callback`)."""
        company = self.env.company
        now = fields.Datetime.now()
        today = company._aftersales_today()
        technicians = self.env["aftersales.repair.order"]._fields["technician_ids"]
        return SQL(
            """callback.state = 'planned'
               AND callback.company_id = %(company)s
               AND (callback.user_id = %(user)s OR callback.user_id IS NULL)
               AND callback.date_due <= %(today)s
               AND callback.date_expiry >= %(today)s
               AND CASE WHEN callback.call_later IS NOT NULL
                        THEN callback.call_later <= %(now)s
                        ELSE COALESCE(callback.date_planned, callback.date_due) <= %(today)s
                             AND (callback.date_last_attempt IS NULL OR callback.date_last_attempt < %(day_start)s)
                   END
               AND (callback.claimed_by_id IS NULL OR callback.claimed_by_id = %(user)s
                    OR callback.date_claimed < %(released)s)
               AND (callback.independence_exception IS NOT NULL
                    OR (callback.advisor_id IS DISTINCT FROM %(user)s
                        AND NOT EXISTS (SELECT 1 FROM %(relation)s AS technician
                                         WHERE technician.%(order_column)s = callback.repair_order_id
                                           AND technician.%(user_column)s = %(user)s)))
               AND NOT (callback.id = ANY(%(skip)s))""",
            company=company.id,
            user=self.env.uid,
            today=today,
            now=now,
            day_start=company._aftersales_day_start(today),
            released=now - timedelta(minutes=company.aftersales_callback_claim_minutes),
            relation=SQL.identifier(technicians.relation),
            order_column=SQL.identifier(technicians.column1),
            user_column=SQL.identifier(technicians.column2),
            skip=list(skip_ids),
        )

    @api.model
    def _find_next_call(self, skip_ids=()):
        """Lock and return the next call of the current user; customers who refused meanwhile are taken out."""
        self.env.flush_all()
        hour = self.env.company._aftersales_local(fields.Datetime.now()).hour
        part = "morning" if hour < 12 else "afternoon" if hour < 18 else "evening"
        skipped = list(skip_ids)
        while True:
            rows = self.env.execute_query(
                SQL(
                    """SELECT callback.id
                         FROM aftersales_callback AS callback
                        WHERE %s
                        ORDER BY callback.claimed_by_id IS NOT DISTINCT FROM %s DESC,
                                 callback.call_later IS NULL,
                                 callback.call_later,
                                 CASE WHEN callback.time_preference = %s THEN 0
                                      WHEN callback.time_preference = 'any' THEN 1 ELSE 2 END,
                                 callback.date_planned NULLS LAST, callback.date_expiry, callback.id
                        LIMIT 1
                          FOR NO KEY UPDATE OF callback SKIP LOCKED""",
                    self._queue_condition(skipped),
                    self.env.uid,
                    part,
                )
            )
            callback = self.browse([row[0] for row in rows])
            if not callback or not callback._blocked():
                return callback
            callback._do_cancel("consent_withdrawn")
            skipped.append(callback.id)
            self.env.flush_all()

    def _check_callable(self):
        """Raise, with the reason, when the current user must not make this call now."""
        self.ensure_one()
        self._check_planned()
        if self._blocked():
            self._refuse_blocked()
        for reason in self._cannot_call_reasons(self.env.user).values():
            raise UserError(reason)
        today = self.company_id._aftersales_today()
        if not self.date_due <= today <= self.date_expiry:
            raise UserError(
                self.env._(
                    "%(callback)s may be made from %(first)s to %(last)s, not today.",
                    callback=self.name,
                    first=format_date(self.env, self.date_due),
                    last=format_date(self.env, self.date_expiry),
                )
            )
        held = self.claimed_by_id and self.claimed_by_id != self.env.user
        minutes = self.company_id.aftersales_callback_claim_minutes
        if held and self.date_claimed >= fields.Datetime.now() - timedelta(minutes=minutes):
            raise UserError(
                self.env._(
                    "%(user)s has %(callback)s on the screen. Open the next call.",
                    user=self.claimed_by_id.name,
                    callback=self.name,
                )
            )

    def _do_claim(self):
        self.lock_for_update(allow_referencing=True)
        if self.claimed_by_id != self.env.user:
            # The caller sees the whole number: the ledger of the file floor says so.
            self.partner_id.action_aftersales_reveal_phone("callback")
        self._write_protected({"claimed_by_id": self.env.uid, "date_claimed": fields.Datetime.now()})

    @api.model
    def _get_queue(self):
        """Return the counts in the head of the screen: what is left for me today, and what I have done."""
        self.env.flush_all()
        company = self.env.company
        start = company._aftersales_day_start(company._aftersales_today())
        [(left, done, reached)] = self.env.execute_query(
            SQL(
                """SELECT (SELECT COUNT(*) FROM aftersales_callback AS callback WHERE %s),
                          COUNT(*), COUNT(*) FILTER (WHERE is_reached)
                     FROM aftersales_callback_attempt
                    WHERE user_id = %s AND company_id = %s AND date_attempt >= %s""",
                self._queue_condition(),
                self.env.uid,
                company.id,
                start,
            )
        )
        return {"left": left, "done": done, "reached": reached}

    # ------------------------------------------------------------
    # BUSINESS: what the screen shows
    # ------------------------------------------------------------

    def _phone_to_use(self):
        self.ensure_one()
        return self.repair_order_id.sudo().callback_phone or self.partner_id.sudo().phone or ""

    def _questionnaire_to_use(self):
        self.ensure_one()
        return self.questionnaire_id or self.env["aftersales.questionnaire"]._active_for(self.kind, self.company_id)

    def _script_values(self):
        self.ensure_one()
        order_sudo = self.repair_order_id.sudo()
        vehicle_sudo = self.vehicle_id.sudo()
        last = order_sudo.date_out or vehicle_sudo.last_service_date
        return {
            "dealer": self.company_id.name,
            "agent": self.env.user.name,
            "customer": self.partner_id.name,
            "car": vehicle_sudo.model_id.name,
            "plate": vehicle_sudo.plate_display,
            "order": order_sudo.name,
            "work": order_sudo.work_summary,
            "date_out": last and format_date(self.env, self.company_id._aftersales_local(last).date()),
            "advisor": order_sudo.advisor_name,
        }

    def _prepare_call(self):
        """Everything the screen shows, as plain values."""
        self.ensure_one()
        phone = self._phone_to_use()
        dial = re.sub(r"[^\d+]", "", phone)
        questionnaire = self._questionnaire_to_use()
        values = self._script_values()
        outcomes = self.env["aftersales.callback.outcome"].search([("company_id", "in", [self.company_id.id, False])])
        labels = {
            name: dict(self._fields[name]._description_selection(self.env)) for name in ("kind", "time_preference")
        }
        fill = questionnaire._fill_script
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "kind_label": labels["kind"][self.kind],
            "preference": self.time_preference,
            "preference_label": labels["time_preference"][self.time_preference],
            "due": format_date(self.env, self.date_due),
            "until": format_date(self.env, self.date_expiry),
            "explanation": self.explanation or "",
            "remark": self.remark or "",
            "customer": {
                "id": self.partner_id.id,
                "name": self.partner_id.name,
                "phone": phone,
                "dial": dial,
                "is_mobile": bool(_MOBILE.match(dial)),
            },
            "car": self._prepare_call_car(),
            "order": self._prepare_call_order(),
            "preferences": self._call_preferences(),
            "complaints": self._call_open_complaints(),
            "history": self._prepare_call_history(),
            "attempts": [
                {
                    "id": attempt.id,
                    "date": format_datetime(self.env, attempt.date_attempt, dt_format="short"),
                    "user": attempt.user_id.name,
                    "outcome": attempt.outcome_id.name,
                    "note": attempt.note or "",
                }
                for attempt in self.attempt_ids
            ],
            "script": {
                "opening": fill(questionnaire.script, values),
                "grievance": fill(questionnaire.script_grievance, values),
                "closing": fill(questionnaire.script_closing, values),
            },
            "questions": [
                {
                    "id": question.id,
                    "name": question.name,
                    "kind": question.kind,
                    "required": question.is_required,
                    "problem_answer": question.problem_answer or "",
                    "problem_threshold": question.problem_threshold,
                    "is_problem_text": question.is_problem_text,
                    "choices": [
                        {"id": choice.id, "name": choice.name, "is_problem": choice.is_problem}
                        for choice in question.choice_ids
                    ],
                }
                for question in questionnaire.question_ids
            ],
            "answers": {answer.question_id.id: answer._raw_value() for answer in self.answer_ids},
            "outcomes": [
                {
                    "code": outcome.code,
                    "name": outcome.name,
                    "key": outcome.hotkey or "",
                    "class": outcome.outcome_class,
                    "step": outcome.next_step,
                }
                for outcome in outcomes
            ],
        }

    def _prepare_call_car(self):
        vehicle_sudo = self.vehicle_id.sudo()
        return vehicle_sudo and {
            "id": vehicle_sudo.id,
            "plate": vehicle_sudo.plate_display or "",
            "model": vehicle_sudo.model_id.display_name or "",
            "odometer": vehicle_sudo.odometer,
            "data_check": vehicle_sudo.data_check_reason or "",
        }

    def _prepare_call_order(self):
        order_sudo = self.repair_order_id.sudo()
        if not order_sudo:
            return False
        kinds = dict(order_sudo._fields["kind"]._description_selection(self.env))
        return {
            "id": order_sudo.id,
            "name": order_sudo.name,
            "kind": kinds.get(order_sudo.kind, ""),
            "date_in": format_datetime(self.env, order_sudo.date_in, dt_format="short") if order_sudo.date_in else "",
            "date_out": format_datetime(self.env, order_sudo.date_out, dt_format="short")
            if order_sudo.date_out
            else "",
            "advisor": order_sudo.advisor_name or "",
            "technicians": order_sudo.technician_names or "",
            "words": order_sudo.customer_words or "",
            "declined": order_sudo.declined_advice or "",
            "is_comeback": order_sudo.is_comeback,
            "amount": order_sudo.currency_id.format(order_sudo.amount_total),
            "lines": [{"id": line.id, "name": line.name} for line in order_sudo.line_ids],
        }

    def _call_preferences(self):
        """What the person on the phone likes; another owner's wishes of the same car are nobody's business."""
        preferences_sudo = (
            self.env["aftersales.preference"]
            .sudo()
            .search([("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)])
        )
        return [{"id": p.id, "kind": p.kind_id.name, "value": p.value} for p in preferences_sudo]

    def _call_open_complaints(self):
        """Hook: open complaints of the customer or the car, as [{'id', 'name', 'level', 'state', 'description'}]."""
        return []

    def _prepare_call_history(self):
        """Earlier callbacks of the same customer in this store."""
        earlier = self.search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("id", "!=", self.id),
                ("date_done", "!=", False),
            ],
            order="date_done desc, id desc",
            limit=HISTORY_LIMIT,
        )
        return [
            {
                "id": callback.id,
                "date": format_datetime(self.env, callback.date_done, dt_format="short"),
                "kind": dict(self._fields["kind"]._description_selection(self.env))[callback.kind],
                "state": callback._state_label(),
                "satisfaction": callback.satisfaction or "",
                "has_problem": callback.has_problem,
                "remark": callback.remark or "",
                "plate": callback.vehicle_id.sudo().plate_display or "",
            }
            for callback in earlier
        ]

    # ------------------------------------------------------------
    # BUSINESS: check what comes in
    # ------------------------------------------------------------

    def _find_outcome(self, code):
        outcomes = self.env["aftersales.callback.outcome"].search([("company_id", "in", [self.company_id.id, False])])
        found = outcomes.filtered(lambda outcome: outcome.code == code)
        if not found:
            raise ValidationError(
                self.env._(
                    "“%(code)s” is no outcome of a call. Use one of: %(codes)s.",
                    code=code or "",
                    codes=", ".join(outcomes.mapped("code")),
                )
            )
        return found.filtered("company_id")[:1] or found[:1]

    def _prepare_answers(self, answers):
        """Return {question: answer values} for what the client sent."""
        if not answers:
            return {}
        if not isinstance(answers, dict):
            raise ValidationError(self.env._("The answers are sent as {question: value}."))
        questions = {question.id: question for question in self._questionnaire_to_use().question_ids}
        result = {}
        for key, value in answers.items():
            question = questions.get(int(key)) if str(key).isdecimal() else None
            if question is None:
                raise ValidationError(
                    self.env._(
                        "Question %(key)s does not belong to the questionnaire of %(callback)s. Reload the call.",
                        key=str(key)[:20],
                        callback=self.name,
                    )
                )
            values = question._prepare_answer_values(value)
            if values:
                result[question] = values
        return result

    def _check_duration(self, duration):
        if isinstance(duration, bool) or not isinstance(duration, int | float) or not 0 <= duration < 86400:
            raise ValidationError(self.env._("The duration of a call is given in seconds, less than a day."))
        return int(duration)

    def _check_channel(self, channel):
        if channel not in dict(CHANNELS):
            raise ValidationError(
                self.env._(
                    "“%(channel)s” is no channel. Use one of: %(channels)s.",
                    channel=channel,
                    channels=", ".join(code for code, _label in CHANNELS),
                )
            )
        return channel

    def _parse_call_later(self, value):
        if not value or isinstance(value, datetime):
            return value or False
        try:
            return fields.Datetime.to_datetime(value.replace("T", " ").rstrip("Z"))
        except (ValueError, AttributeError):
            raise ValidationError(
                self.env._("The agreed time is given as YYYY-MM-DD HH:MM:SS in UTC, not as “%s”.", value)
            ) from None

    # ------------------------------------------------------------
    # BUSINESS: save
    # ------------------------------------------------------------

    def _do_save_call(self, outcome, *, answers, duration, channel, call_later, note, demand, phone, client_key):
        self.ensure_one()
        now = fields.Datetime.now()
        self._check_save(outcome, answers, call_later, demand, now)
        # Sudoed: attempts and answers are ledgers, which no role writes but through here.
        self.env["aftersales.callback.attempt"].sudo()._create_protected(
            [
                {
                    "callback_id": self.id,
                    "date_attempt": now,
                    "user_id": self.env.uid,
                    "channel": channel,
                    "phone": phone,
                    "duration": duration,
                    "outcome_id": outcome.id,
                    "call_later": call_later,
                    "note": note or False,
                    "client_key": client_key or False,
                }
            ]
        )
        problems = self._do_answer(answers)
        values = {
            "is_made": True,
            "attempt_count": self.attempt_count + 1,
            "date_last_attempt": now,
            "outcome_id": outcome.id,
            "claimed_by_id": False,
            "date_claimed": False,
            "call_later": False,
            "user_id": self.user_id.id or self.env.uid,
            "has_problem": self.has_problem or bool(problems) or demand,
            "customer_demands": self.customer_demands or demand,
        }
        if note and outcome.outcome_class == "reached":
            values["remark"] = "\n".join(filter(None, [self.remark, note]))
        values.update(self._answer_summary(answers))
        values.update(self._step_values(outcome.next_step, call_later, now))
        self._write_protected(values)
        self._do_next_step(outcome)
        if problems or demand:
            self._callback_problem(problems, demand)

    def _check_save(self, outcome, answers, call_later, demand, now):
        step = outcome.next_step
        if answers and outcome.outcome_class != "reached":
            raise ValidationError(
                self.env._(
                    "The customer answered questions, so the person was reached: choose another outcome than “%s”, "
                    "or clear the answers.",
                    outcome.name,
                )
            )
        if demand and outcome.outcome_class != "reached":
            raise ValidationError(
                self.env._("A demand needs a customer on the phone: choose another outcome than “%s”.", outcome.name)
            )
        if (step == "call_later") != bool(call_later):
            raise ValidationError(
                self.env._("Enter the agreed time of the next call.")
                if step == "call_later"
                else self.env._("An agreed time goes with the outcome “Call Later” only. Clear one of the two.")
            )
        if call_later:
            if call_later <= now:
                raise ValidationError(self.env._("The agreed time has passed already. Enter a time to come."))
            if self.company_id._aftersales_local(call_later).date() > self.date_expiry:
                raise ValidationError(
                    self.env._(
                        "%(callback)s ends on %(last)s. Agree on a time until then.",
                        callback=self.name,
                        last=format_date(self.env, self.date_expiry),
                    )
                )
        if step in ("complete", "partial"):
            questions = self._questionnaire_to_use().question_ids
            answered = self.answer_ids.filtered("is_answered").question_id | self.env["aftersales.question"].union(
                *answers
            )
            if not answered:
                raise ValidationError(self.env._("No question has been answered. Choose another outcome."))
            missing = questions.filtered("is_required") - answered
            if step == "complete" and missing:
                raise ValidationError(
                    self.env._(
                        "Not answered yet: %(questions)s. Ask, or choose “Completed in Part”.",
                        questions="; ".join(missing.mapped("name")),
                    )
                )
        if step == "retry":
            day_start = self.company_id._aftersales_day_start(self.company_id._aftersales_today())
            if self.attempt_ids.filtered(lambda a: not a.is_reached and a.date_attempt >= day_start):
                raise UserError(
                    self.env._(
                        "%(customer)s was tried in vain today already. Try again on another working day.",
                        customer=self.partner_id.display_name,
                    )
                )

    def _do_answer(self, answers):
        """Write the answers; return those that are a problem and were not so before."""
        if not answers:
            return self.env["aftersales.callback.answer"]
        if not self.questionnaire_id:
            self._write_protected({"questionnaire_id": self._questionnaire_to_use().id})
        known = {answer.question_id: answer for answer in self.answer_ids}
        problems = self.env["aftersales.callback.answer"]
        new = []
        for question, values in answers.items():
            choice = self.env["aftersales.question.choice"].browse(values.get("value_choice_id") or [])
            complete = {
                "value_yes_no": False,
                "value_score": 0,
                "value_choice_id": False,
                "value_text": False,
                "is_problem": False,
                "is_good": False,
                **values,
                "is_answered": True,
                "problem_category_id": (choice.problem_category_id or question.problem_category_id).id
                if values.get("is_problem")
                else False,
            }
            answer = known.get(question)
            if not answer:
                new.append({**complete, "callback_id": self.id, "question_id": question.id})
            elif answer._raw_value() != next(iter(values.values())):
                # The same call, taken up again at the agreed time: the later word counts.
                raised = complete["is_problem"] and not answer.is_problem
                answer.sudo()._write_protected(complete)
                problems |= answer if raised else problems
        created = self.env["aftersales.callback.answer"].sudo()._create_protected(new).with_env(self.env)
        return problems | created.filtered("is_problem")

    def _answer_summary(self, answers):
        """Values of the callback that repeat an answer, for lists and figures."""
        values = {}
        for question, answer in answers.items():
            if question.is_satisfaction:
                values["satisfaction"] = str(answer["value_score"])
            elif question.is_suggestion:
                values["suggestion"] = answer["value_text"]
            elif question.is_praise:
                values["praise"] = answer["value_text"]
        return values

    def _step_values(self, step, call_later, now):
        """Values of the callback after an attempt that ended in this step."""
        closed = {"date_done": now}
        if step in ("complete", "partial"):
            return {**closed, "state": "done", "is_completed": step == "complete"}
        if step == "call_later":
            return {"call_later": call_later, "date_planned": self.company_id._aftersales_local(call_later).date()}
        if step in ("refuse", "withdraw"):
            return {**closed, "state": "refused"}
        if step == "retry":
            failed = self.failed_count + 1
            if failed >= self.company_id.aftersales_callback_max_attempts:
                return {**closed, "failed_count": failed, "state": "unreachable"}
            return {"failed_count": failed, "date_planned": self._next_attempt_date()}
        return {**closed, "state": "invalid"}

    def _next_attempt_date(self):
        """The next working day inside the window; its last day when there is none."""
        tomorrow = self.company_id._aftersales_today() + timedelta(days=1)
        if tomorrow > self.date_expiry:
            return self.date_expiry
        days = self.company_id._aftersales_working_days(tomorrow, self.date_expiry)
        return days[0] if days else self.date_expiry

    def _do_next_step(self, outcome):
        step = outcome.next_step
        if step == "withdraw":
            self.env["aftersales.consent"].with_company(self.company_id)._withdraw(
                self.partner_id, reason=self.env._("Said on callback %s", self.name)
            )
        elif step == "retry" and self.state == "unreachable":
            self._send_letters()
        elif step == "data_check":
            self.vehicle_id.sudo().data_check_reason = "wrong_number"
        elif step == "ownership":
            self.vehicle_id.sudo().data_check_reason = "car_sold"
            if self.advisor_id:
                self.vehicle_id.sudo().activity_schedule(
                    "mail.mail_activity_data_todo",
                    user_id=self.advisor_id.id,
                    summary=self.env._("Ownership change to be checked"),
                    note=self.env._("Callback %s: the customer says that the car was sold.", self.name),
                )
