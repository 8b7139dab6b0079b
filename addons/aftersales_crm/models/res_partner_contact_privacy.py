from odoo import models
from odoo.fields import Domain


class ResPartner(models.Model):
    """What callbacks keep of a person: what was answered, said and dialled."""

    _inherit = "res.partner"

    def _aftersales_last_record_dates(self):
        calls = self.env["aftersales.callback"].sudo().search([("partner_id", "=", self.id), ("is_made", "=", True)])
        return [
            *super()._aftersales_last_record_dates(),
            *(call.date_last_attempt.date() for call in calls if call.date_last_attempt),
        ]

    def _aftersales_personal_data(self, company):
        calls = self.env["aftersales.callback"].search(
            [("partner_id", "=", self.id), ("company_id", "=", company.id)], order="id"
        )
        rechecks = self.env["aftersales.callback.recheck"].search([("callback_id", "in", calls.ids)])
        answers = ("callback_id", "question_id", "value_display")
        return super()._aftersales_personal_data(company) | {
            "callbacks": self._aftersales_rows(
                calls,
                (
                    *(
                        "name",
                        "kind",
                        "repair_order_id",
                        "vehicle_id",
                        "date_planned",
                        "state",
                        "outcome_id",
                        "date_done",
                    ),
                    *("satisfaction", "suggestion", "praise", "remark", "letter_state", "date_letter"),
                ),
            ),
            "callback_answers": self._aftersales_rows(calls.answer_ids.filtered("is_answered"), answers)
            + self._aftersales_rows(rechecks.answer_ids.filtered("is_answered"), answers),
            "calls_made": self._aftersales_rows(
                calls.attempt_ids.sorted("date_attempt"),
                ("date_attempt", "user_id", "channel", "phone", "outcome_id", "duration", "note"),
            ),
            "callback_messages": self._aftersales_correspondence(calls),
        }

    def _aftersales_section_names(self):
        return super()._aftersales_section_names() | {
            "callbacks": self.env._("Callbacks"),
            "callback_answers": self.env._("Your Answers"),
            "calls_made": self.env._("Calls Made to You"),
            "callback_messages": self.env._("Correspondence on Callbacks"),
        }

    def _aftersales_erase(self):
        # That there was a call, when, by whom, with which outcome and scores, stays: it is counted and names nobody
        of_persons = Domain("callback_id.partner_id", "in", self.ids)
        calls = self.env["aftersales.callback"].search([("partner_id", "in", self.ids)])
        self._aftersales_blank(calls, "suggestion", "praise", "remark", "explanation", "cancel_note")
        rechecks = self.env["aftersales.callback.recheck"].search(of_persons)
        self._aftersales_blank(rechecks, "note")
        for answers in (calls.answer_ids, rechecks.answer_ids):
            self._aftersales_blank(answers, "value_text")
        self._aftersales_blank(calls.attempt_ids, "phone", "note")
        self._aftersales_blank(self.env["aftersales.callback.flag"].search(of_persons), "detail", "note")
        self._aftersales_blank(
            self.env["aftersales.callback.candidate"].search([("partner_id", "in", self.ids)]), "explanation"
        )
        self._aftersales_forget_messages(calls)
        return super()._aftersales_erase()
