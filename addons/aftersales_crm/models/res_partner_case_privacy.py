import json

from odoo import fields, models
from odoo.fields import Domain

from ..tools.complaint_steps import TERMINAL

# The customer's own words, and what was noted of what the customer said
_WORDS = (
    *("description", "remedy_sought", "facts", "statement_customer", "second_note", "handling_comment"),
    *("unsatisfied_reason", "withdraw_reason", "reopen_reason", "waiting_reason"),
)
# What the staff wrote of the case
_STAFF_WORDS = (
    *("statement_staff", "root_cause", "solution", "reject_reason", "reject_recourse", "no_action_reason"),
    *("safety_statement", "level_change_reason", "lane_left_reason"),
)
_PLAN_WORDS = (
    *("name", "problem", "containment", "root_cause", "w_what", "w_where", "w_when", "w_who", "w_why", "w_how"),
    *("return_reason", "cancel_reason", "extension_reason", "effect_conclusion"),
)
# Lines of an action, and what they say in words
_PLAN_LINES = {
    "measure_ids": ("name", "proof"),
    "why_ids": ("name", "answer"),
    "round_ids": ("root_cause", "measures", "effect_conclusion"),
    "progress_ids": ("note",),
}


class ResPartner(models.Model):
    """What complaints keep of a person, and actions that name one.

    A complaint keeps its number, kind, level, steps, dates, costs and causes: they are counted. An action is of the store
    and not of the customer: it stays whole, without the name, and signed as it was.
    """

    _inherit = "res.partner"

    def _aftersales_last_record_dates(self):
        cases = self.env["aftersales.complaint"].sudo().search([("partner_id", "=", self.id)])
        now = fields.Datetime.now()
        return [
            *super()._aftersales_last_record_dates(),
            # An open case is kept from its end on, whenever that will be
            *((case.date_closed or (case.date_received if case.state in TERMINAL else now)).date() for case in cases),
        ]

    def _aftersales_personal_data(self, company):
        cases = self.env["aftersales.complaint"].search(
            [("partner_id", "=", self.id), ("company_id", "=", company.id)], order="id"
        )
        naming = self._aftersales_actions_naming(cases)
        return super()._aftersales_personal_data(company) | {
            "complaints": self._aftersales_rows(
                cases,
                (
                    *("name", "nature", "kind_id", "level", "source", "vehicle_id", "repair_order_id", "date_event"),
                    *("date_received", "date_acknowledged", "date_replied", "state", "description", "remedy_sought"),
                    *("facts", "statement_customer", "statement_staff", "solution", "goodwill_amount", "date_solution"),
                    *("second_satisfied", "second_note", "handling_comment", "unsatisfied_reason", "reject_reason"),
                    *("reject_recourse", "withdraw_reason", "safety_statement", "date_closed"),
                ),
            ),
            "complaint_external_bodies": self._aftersales_rows(
                cases.external_ids, ("complaint_id", "body_id", "reference", "demand", "answer", "result")
            ),
            "complaint_messages": self._aftersales_correspondence(cases),
            "corrective_actions": self._aftersales_rows(naming, ("number", "name", "problem")),
        }

    def _aftersales_section_names(self):
        return super()._aftersales_section_names() | {
            "complaints": self.env._("Complaints"),
            "complaint_external_bodies": self.env._("Authorities and Other Bodies"),
            "complaint_messages": self.env._("Correspondence on Complaints"),
            "corrective_actions": self.env._("Measures That Name You"),
        }

    def _aftersales_actions_naming(self, cases):
        """Return the actions after these cases whose texts name one of the persons."""
        return cases.action_ids.filtered(
            lambda action: any(
                text and self._aftersales_unname(text) != text for text in map(action.__getitem__, _PLAN_WORDS)
            )
        )

    # ------------------------------------------------------------
    # ERASURE
    # ------------------------------------------------------------

    def _aftersales_erase(self):
        cases = self.env["aftersales.complaint"].search([("partner_id", "in", self.ids)])
        actions = cases.action_ids | self.env["aftersales.corrective.action"].search(
            [("callback_id.partner_id", "in", self.ids)]
        )
        # First: actions were born with the words of the case
        self._aftersales_erase_actions(actions, cases)
        self._aftersales_blank(cases, *_WORDS)
        self._aftersales_unname_fields(cases, *_STAFF_WORDS)
        self._aftersales_unname_fields(cases.external_ids, "contact", "demand", "answer", "result")
        self._aftersales_blank(cases.external_ids, "reference")
        self._aftersales_blank(cases.external_ids.item_ids, "value")
        self._aftersales_unname_fields(cases.handover_ids, "reason", "refuse_reason")
        self._aftersales_unname_fields(cases.appeal_ids, "finding", "reason", "decision")
        self._aftersales_unname_fields(
            self.env["aftersales.clock.event"].search([("clock_id", "in", cases.clock_ids.ids)]), "reason"
        )
        self._aftersales_forget_decisions(cases)
        self._aftersales_forget_messages(cases, cases.appeal_ids)
        return super()._aftersales_erase()

    def _aftersales_erase_actions(self, actions, cases):
        """Take the persons' words and names off the actions; a signature that stood goes on standing."""
        for action in actions:
            signed = action._approval_current("sign")
            words = [text for case in cases if action in case.action_ids and (text := (case.description or "").strip())]
            changed = self._aftersales_unname_fields(action, *_PLAN_WORDS)
            for text in map(self._aftersales_unname, words):
                if text in action.problem:
                    changed = action
                    problem = action.problem.replace(text, self.env._("(erased)"))
                    action.with_context(mail_notrack=True)._write_protected({"problem": problem})
            for lines, names in _PLAN_LINES.items():
                if self._aftersales_unname_fields(action[lines], *names):
                    changed = action
            decisions = action.approval_ids
            for decision in decisions.filtered("content"):
                text = json.dumps(decision.content, ensure_ascii=False)
                bare = self._aftersales_unname(text)
                for word in words:
                    bare = bare.replace(json.dumps(self._aftersales_unname(word), ensure_ascii=False)[1:-1], "–")
                if bare != text:
                    decision._write_protected({"content": json.loads(bare)})
            self._aftersales_unname_fields(decisions, "note", "reason", "void_reason")
            if changed:
                action._approval_rebind(signed - action._approval_current("sign"), signed)
            self._aftersales_unname_messages(action)

    def _aftersales_unname_messages(self, records):
        """Take names and numbers off the messages of records that stay, and the values of tracked fields that told them."""
        messages = self.env["mail.message"].search(
            Domain("model", "=", records._name) & Domain("res_id", "in", records.ids)
        )
        for message in messages:
            for name in ("body", "subject"):
                text = self._aftersales_unname(message[name])
                if text != message[name]:
                    message[name] = text
        for tracked in messages.tracking_value_ids:
            for name in ("old_value_char", "new_value_char", "old_value_text", "new_value_text"):
                text = self._aftersales_unname(tracked[name])
                if text != tracked[name]:
                    tracked[name] = text
