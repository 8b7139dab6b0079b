from odoo.tests import tagged

from .common_case import AftersalesCaseCommon

FORM, SETTLEMENT = "aftersales_crm.report_complaint_form", "aftersales_crm.report_complaint_settlement"


@tagged("post_install", "-at_install")
class TestComplaintReports(AftersalesCaseCommon):
    """The two sheets for signature: complete, and each in the right language."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.env["ir.module.module"]._load_module_terms(["aftersales_crm"], ["zh_CN"])

    def render(self, report, complaint, user=None, lang="en_US"):
        reports = self.as_user(self.env["ir.actions.report"], user or self.manager).with_context(lang=lang)
        return reports._render_qweb_html(report, complaint.ids)[0].decode()

    def _take_to_end(self, **values):
        complaint = self._lead_to(self._create_complaint(source="platform", **values), "second_callback")
        self.as_user(complaint, self.gm).no_action_reason = "The standard was changed already."
        return self._lead_to(complaint, "closed")

    def test_form_is_complete(self):
        """The handling form holds the whole case: words, both sides, causes, people, hands, bodies, costs, callback."""
        complaint = self._take_to_end(remedy_sought="A new part")
        html = self.render(FORM, complaint, self.gm)
        for value in (
            complaint.name, complaint.description, "A new part", complaint.facts, complaint.statement_customer,
            complaint.statement_staff, complaint.root_cause, complaint.solution, complaint.responsible_main_id.name,
            complaint.handler_id.name, complaint.owner_id.name, "Complaint Platform", "Answered by letter.",
        ):  # fmt: skip
            self.assertIn(value, html)

    def test_form_in_both_languages(self):
        """In Chinese no label of the form stays English, whoever prints it."""
        complaint = self._take_to_end()
        html = self.render(FORM, complaint, self.gm, "zh_CN")
        for word in ("客户", "受理", "原因", "解决方案", "二次回访", "善意补偿"):
            self.assertIn(word, html)
        for word in ("Customer's Words", "Handling Form", "Main Responsible", "In Whose Hand", "Goodwill"):
            self.assertNotIn(word, html)

    def test_settlement_in_the_customers_language(self):
        """The settlement speaks the customer's language, not the printer's, and says nothing of the investigation."""
        complaint = self._lead_to(self._create_complaint(), "second_callback")
        self.owner.lang = "zh_CN"
        html = self.render(SETTLEMENT, complaint, lang="en_US")
        self.assertIn("客户投诉解决确认书", html)
        self.assertNotIn("Settlement Confirmation", html)
        self.owner.lang = "en_US"
        html = self.render(SETTLEMENT, complaint, lang="zh_CN")
        self.assertIn("Settlement Confirmation", html)
        for secret in (complaint.facts, complaint.root_cause, complaint.statement_staff, self.advisor.name):
            self.assertNotIn(secret, html)
