from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ..tools.daytime import part_of_day
from .aftersales_callback_attempt import CHANNELS


class AftersalesCallback(models.Model):
    """The call screen: claim the next call, show all the caller needs, save in one round trip."""

    _name = "aftersales.callback"
    _inherit = ["aftersales.callback.queue.mixin", "aftersales.callback.sheet.mixin", "aftersales.callback"]

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
        result = {"id": self.id, "state": self.state, "state_label": self._selection_label("state")}
        if next_call:
            result.update(self.get_call(skip_ids=skip_ids))
        return result

    # ------------------------------------------------------------
    # BUSINESS: check what comes in
    # ------------------------------------------------------------

    def _find_outcome(self, code):
        outcomes = self.env["aftersales.callback.outcome"]._available_to(self.company_id)
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
        if outcome.outcome_class != "reached":
            self._check_nobody_spoke(outcome, answers, demand)
        self._check_call_later(outcome.next_step, call_later, now)
        if outcome.next_step in ("complete", "partial"):
            self._check_answered(outcome.next_step, answers)
        if outcome.next_step == "retry":
            self._check_first_try_today()

    def _check_nobody_spoke(self, outcome, answers, demand):
        if answers:
            raise ValidationError(
                self.env._(
                    "The customer answered questions, so the person was reached: choose another outcome than “%s”, "
                    "or clear the answers.",
                    outcome.name,
                )
            )
        if demand:
            raise ValidationError(
                self.env._("A demand needs a customer on the phone: choose another outcome than “%s”.", outcome.name)
            )

    def _check_call_later(self, step, call_later, now):
        if (step == "call_later") != bool(call_later):
            raise ValidationError(
                self.env._("Enter the agreed time of the next call.")
                if step == "call_later"
                else self.env._("An agreed time goes with the outcome “Call Later” only. Clear one of the two.")
            )
        if not call_later:
            return
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

    def _check_answered(self, step, answers):
        answered = self.answer_ids.filtered("is_answered").question_id
        answered |= self.env["aftersales.question"].union(*answers)
        if not answered:
            raise ValidationError(self.env._("No question has been answered. Choose another outcome."))
        missing = self._questionnaire_to_use().question_ids.filtered("is_required") - answered
        if step == "complete" and missing:
            raise ValidationError(
                self.env._(
                    "Not answered yet: %(questions)s. Ask, or choose “Completed in Part”.",
                    questions="; ".join(missing.mapped("name")),
                )
            )

    def _check_first_try_today(self):
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
            complete = self._complete_answer(question, values)
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

    def _complete_answer(self, question, values):
        """All values of an answer row: an answer that is changed keeps nothing of the earlier one."""
        choice = self.env["aftersales.question.choice"].browse(values.get("value_choice_id") or [])
        category = choice.problem_category_id or question.problem_category_id
        return {
            "value_yes_no": False,
            "value_score": 0,
            "value_choice_id": False,
            "value_text": False,
            "is_problem": False,
            "is_good": False,
            **values,
            "is_answered": True,
            "problem_category_id": category.id if values.get("is_problem") else False,
        }

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
            local = self.company_id._aftersales_local(call_later)
            # What suited the customer today is also what the plan honours when the day is missed.
            return {"call_later": call_later, "date_planned": local.date(), "time_preference": part_of_day(local.hour)}
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
                # In the language of who reads it
                env = self.with_context(lang=self.advisor_id.lang).env
                self.vehicle_id.sudo().activity_schedule(
                    "mail.mail_activity_data_todo",
                    user_id=self.advisor_id.id,
                    summary=env._("Ownership change to be checked"),
                    note=env._("Callback %s: the customer says that the car was sold.", self.name),
                )
