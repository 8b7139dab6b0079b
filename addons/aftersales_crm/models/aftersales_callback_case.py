from odoo import fields, models

from ..tools.complaint_steps import TERMINAL


class AftersalesCallback(models.Model):
    _inherit = "aftersales.callback"

    complaint_ids = fields.One2many("aftersales.complaint", "callback_id", "Complaints", readonly=True)
    complaint_count = fields.Integer("Number of Complaints", compute="_compute_complaint_count", compute_sudo=True)

    def _compute_complaint_count(self):
        groups = self.env["aftersales.complaint"]._read_group(
            [("callback_id", "in", self.ids)], ["callback_id"], ["__count"]
        )
        counts = {callback.id: count for callback, count in groups}
        for callback in self:
            callback.complaint_count = counts.get(callback.id, 0)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open_complaints(self):
        self.ensure_one()
        return self.complaint_ids._get_records_action(name=self.env._("Complaints"))

    def action_create_corrective_action(self):
        """Open a new action that is born from this callback."""
        self.ensure_one()
        problems = self.answer_ids.filtered("is_problem")
        return self.env["aftersales.corrective.action"]._open_new(
            callback_id=self.id,
            kind="preventive",
            name=self.env._("Action after callback %s", self.display_name),
            problem=self._get_problem_text(problems),
            problem_category_id=problems.problem_category_id[:1].id,
            company_id=self.company_id.id,
        )

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _callback_problem(self, answers, demand):
        """Raise a grievance, or a complaint when the customer demands a result, and start its clocks."""
        result = super()._callback_problem(answers, demand)
        for callback in self:
            callback._raise_case(answers.filtered(lambda a, callback=callback: a.callback_id == callback), demand)
        return result

    def _call_open_complaints(self):
        """Show the caller what is still open, so that nobody asks a customer with a complaint whether all is well."""
        Complaint = self.env["aftersales.complaint"]
        # Sudoed: the caller needs to know that a case is open and how far it is, not what the investigation found.
        open_sudo = Complaint.sudo().search(
            [
                ("company_id", "=", self.company_id.id),
                ("date_closed", "=", False),
                ("state", "not in", TERMINAL),
                "|",
                ("partner_id", "=", self.partner_id.id),
                "&",
                ("vehicle_id", "=", self.vehicle_id.id),
                ("partner_id", "in", (False, self.partner_id.id)),
            ],
            limit=5,
        )
        labels = {name: dict(Complaint._fields[name]._description_selection(self.env)) for name in ("level", "state")}
        return super()._call_open_complaints() + [
            {
                "id": case.id,
                "name": case.name,
                "level": labels["level"][case.level],
                "state": labels["state"][case.state],
                "description": (case.description or "")[:200],
            }
            for case in open_sudo
        ]

    def _raise_case(self, answers, demand):
        """Raise one case a callback: a second save adds to it, and a demand promotes it."""
        self.ensure_one()
        Complaint = self.env["aftersales.complaint"]
        case_sudo = Complaint.sudo().search([("callback_id", "=", self.id), ("source", "=", "callback")], limit=1)
        if case_sudo:
            case_sudo = case_sudo.merged_into_id or case_sudo
            if demand and case_sudo.nature == "grievance" and not case_sudo.date_closed:
                case_sudo._write_protected({"nature": "complaint"})
            case_sudo.message_post(body=self._get_problem_text(answers))
            return case_sudo
        now = fields.Datetime.now()
        event = self.repair_order_id.date_out
        case = Complaint.with_company(self.company_id)._create_protected(
            [
                {
                    "nature": "complaint" if demand else "grievance",
                    "source": "callback",
                    "callback_id": self.id,
                    "repair_order_id": self.repair_order_id.id,
                    "vehicle_id": self.vehicle_id.id,
                    "partner_id": self.partner_id.id,
                    "company_id": self.company_id.id,
                    "problem_category_id": answers.problem_category_id[:1].id,
                    "description": self._get_problem_text(answers),
                    "remedy_sought": False,
                    "date_event": event if event and event <= now else now,
                    "date_acknowledged": now,
                    "owner_id": self.env.uid,
                }
            ]
        )
        case._tell_callback_case()
        return case

    def _get_problem_text(self, answers):
        """Return the customer's words: what was asked, what was answered, what was said."""
        self.ensure_one()
        lines = []
        for answer in answers:
            question = answer.question_id.name
            lines.append(f"{question}{' ' if question.endswith(('?', '？')) else ': '}{answer.value_display}")
        lines += [text for text in (self.remark, self.suggestion) if text]
        return "\n".join(lines) or self.env._("The customer is not content; see callback %s.", self.display_name)
