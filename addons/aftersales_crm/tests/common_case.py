from odoo import fields

from .common_order import AftersalesOrderCommon


class AftersalesCaseCommon(AftersalesOrderCommon):
    """A delivered order, and helpers that lead complaints and actions to a step."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._create_order(name="WX-CASE-1")
        cls.kind = cls.env.ref("aftersales_crm.complaint_kind_repair_quality")
        cls.kind_attitude = cls.env.ref("aftersales_crm.complaint_kind_attitude")
        cls.kind_brakes = cls.env.ref("aftersales_crm.complaint_kind_brakes")
        cls.cause = cls.env.ref("aftersales_crm.cause_no_standard")
        cls.cause_human = cls.env.ref("aftersales_crm.cause_slip")
        cls.category = cls.env["aftersales.problem.category"].create({"name": "Case Test", "code": "case_test"})

    def _create_complaint(self, user=None, **values):
        user = user or self.crc
        return self.as_user(self.env["aftersales.complaint"], user).create(
            {
                "repair_order_id": self.order.id,
                "kind_id": self.kind.id,
                "description": "The noise is still there.",
                "source": "phone",
                "company_id": self.store.id,
                **values,
            }
        )

    def _investigation(self, **values):
        return {
            "facts": "The bolt was loose.",
            "statement_customer": "It rattles since Monday.",
            "statement_staff": "The bolt was tightened by hand.",
            "cause_id": self.cause.id,
            "root_cause": "No torque standard for this bolt.",
            "department": "Workshop",
            "responsible_main_id": self.advisor.id,
            **values,
        }

    def _lead_to(self, complaint, state, **values):
        """Walk a general case to the state: the consultant owns it, the service manager handles it."""
        case = self.as_user(complaint, self.manager)
        handler = self.gm if case.level_proposed != "general" else self.manager
        case = self.as_user(complaint, handler)
        path = ["confirmed", "classified", "investigated", "solution", "carried_out", "second_callback", "closed"]
        for step in path[: path.index(state) + 1]:
            if case.state in path and path.index(case.state) >= path.index(step):
                continue
            if step == "confirmed":
                case.action_confirm()
            elif step == "classified":
                case.action_classify(handler_id=handler.id)
            elif step == "investigated":
                case.write(self._investigation(**values))
                case.action_investigate()
            elif step == "solution":
                case.solution = case.solution or "Tighten and check with the customer."
                case.action_propose_solution()
            elif step == "carried_out":
                case.action_carry_out()
            elif step == "second_callback":
                self.as_user(complaint, self.crc_2).action_record_second_callback("yes", "All good.")
            elif step == "closed":
                self._answer_bodies(complaint)
                case.action_close()
        self.assertEqual(complaint.state, state)
        return complaint

    def _answer_bodies(self, complaint, user=None):
        """Answer and settle with every external body of the case."""
        for row in self.as_user(complaint, user or self.gm).external_ids:
            if row.state == "open":
                row.item_ids.value = "As written"
                row.action_answer("Answered by letter.")
            if row.state == "answered":
                row.action_settle("Mediated.")

    def _get_messages(self, record):
        return self.env["mail.message"].search([("model", "=", record._name), ("res_id", "in", record.ids)])

    def _get_told(self, record):
        """Partners who were notified, personal notifications included."""
        return self._get_messages(record).notified_partner_ids

    def _create_action(self, user=None, measures=True, **values):
        user = user or self.manager
        today = self.store._aftersales_today()
        vals = {
            "name": "Explain the price beforehand",
            "kind": "corrective",
            "problem": "Customers are surprised by the price.",
            "root_cause": "The quote is not printed.",
            "responsible_id": self.advisor.id,
            "supervisor_id": self.manager_2.id,
            "date_deadline": fields.Date.add(today, days=20),
            "indicator": "problem_rate",
            "problem_category_id": self.category.id,
            "target": 5.0,
            "window_days": 30,
            "company_id": self.store.id,
            **values,
        }
        if measures:
            vals["measure_ids"] = [
                fields.Command.create(
                    {
                        "name": "Print the quote",
                        "kind": vals["kind"],
                        "responsible_id": self.advisor.id,
                        "date_deadline": fields.Date.add(today, days=10),
                    }
                )
            ]
        return self.as_user(self.env["aftersales.corrective.action"], user).create(vals)

    def _sign(self, action, user=None):
        self.as_user(action, user or self.gm).action_approval_approve()

    def _lead_action_to(self, action, state):
        path = ["submitted", "signed", "in_progress", "done", "verified", "closed"]
        for step in path[: path.index(state) + 1]:
            if action.state in path and path.index(action.state) >= path.index(step):
                continue
            if step == "submitted":
                self.as_user(action, self.manager).action_submit()
            elif step == "signed":
                self._sign(action)
            elif step == "in_progress":
                self.as_user(action, action.responsible_id).action_start()
            elif step == "done":
                for measure in action.measure_ids:
                    self.as_user(measure, measure.responsible_id).action_done("photo")
                self.as_user(action, action.responsible_id).action_done()
            elif step == "verified":
                self.as_user(action, action.supervisor_id).action_verify("yes", "It works.", "Few calls are needed.")
            elif step == "closed":
                self.as_user(action, action.supervisor_id).action_close()
        self.assertEqual(action.state, state)
        return action
