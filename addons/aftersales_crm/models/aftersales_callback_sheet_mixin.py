import re

from odoo import fields, models
from odoo.tools import format_date, format_datetime

from ..tools.daytime import part_of_day

_MOBILE = re.compile(r"^(?:\+?86)?1[3-9]\d{9}$")
HISTORY_LIMIT = 5


class AftersalesCallbackSheetMixin(models.AbstractModel):
    """What the call screen shows of a callback, as plain values in the caller's language: one read, no round trips."""

    _name = "aftersales.callback.sheet.mixin"
    _description = "Callback: What the Screen Shows"
    _inherit = ["aftersales.protected.mixin"]

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _phone_to_use(self):
        self.ensure_one()
        return self.repair_order_id.sudo().callback_phone or self.partner_id.sudo().phone or ""

    def _note_number_shown(self):
        """Write down that the current user sees the number to dial, on the card or on the order."""
        self.ensure_one()
        what = "callback_phone" if self.repair_order_id.sudo().callback_phone else "phone"
        self.env["aftersales.reveal"]._note(self._phone_to_use(), what, "callback", partner=self.partner_id)

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
            "work": order_sudo.work_summary or (order_sudo and order_sudo._selection_label("kind")),
            "date_out": last and format_date(self.env, self.company_id._aftersales_local(last).date()),
            "advisor": order_sudo.advisor_name,
        }

    def _prepare_call(self):
        """Everything the screen shows, as plain values."""
        self.ensure_one()
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "kind_label": self._selection_label("kind"),
            "preference": self.time_preference,
            "preference_label": self._selection_label("time_preference"),
            "is_convenient": self.time_preference
            in ("any", part_of_day(self.company_id._aftersales_local(fields.Datetime.now()).hour)),
            "due": format_date(self.env, self.date_due),
            "until": format_date(self.env, self.date_expiry),
            "explanation": self.explanation or "",
            "remark": self.remark or "",
            "customer": self._prepare_call_customer(),
            "car": self._prepare_call_car(),
            "order": self._prepare_call_order(),
            "preferences": self._call_preferences(),
            "complaints": self._call_open_complaints(),
            "history": self._prepare_call_history(),
            "attempts": self._prepare_call_attempts(),
            **self._prepare_call_questionnaire(),
            "answers": {answer.question_id.id: answer._raw_value() for answer in self.answer_ids},
            "outcomes": self._prepare_call_outcomes(),
        }

    def _prepare_call_customer(self):
        phone = self._phone_to_use()
        dial = re.sub(r"[^\d+]", "", phone)
        return {
            "id": self.partner_id.id,
            "name": self.partner_id.name,
            "phone": phone,
            "dial": dial,
            "is_mobile": bool(_MOBILE.match(dial)),
        }

    def _prepare_call_attempts(self):
        return [
            {
                "id": attempt.id,
                "date": format_datetime(self.env, attempt.date_attempt, dt_format="short"),
                "user": attempt.user_id.name,
                "outcome": attempt.outcome_id.name,
                "note": attempt.note or "",
            }
            for attempt in self.attempt_ids
        ]

    def _prepare_call_questionnaire(self):
        questionnaire = self._questionnaire_to_use()
        values = self._script_values()
        fill = questionnaire._fill_script
        return {
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
        }

    def _prepare_call_outcomes(self):
        return [
            {
                "code": outcome.code,
                "name": outcome.name,
                "key": outcome.hotkey or "",
                "class": outcome.outcome_class,
                "step": outcome.next_step,
            }
            for outcome in self.env["aftersales.callback.outcome"]._available_to(self.company_id)
        ]

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
        return {
            "id": order_sudo.id,
            "name": order_sudo.name,
            "kind": order_sudo._selection_label("kind"),
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
                "kind": callback._selection_label("kind"),
                "state": callback._selection_label("state"),
                "satisfaction": callback.satisfaction or "",
                "has_problem": callback.has_problem,
                "remark": callback.remark or "",
                "plate": callback.vehicle_id.sudo().plate_display or "",
            }
            for callback in earlier
        ]
