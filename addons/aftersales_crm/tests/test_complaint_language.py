from odoo.tests import tagged

from .common_case import AftersalesCaseCommon


@tagged("post_install", "-at_install")
class TestComplaintLanguage(AftersalesCaseCommon):
    """What staff is told about a case is written in the language of who reads it, whoever acts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.env["ir.module.module"]._load_module_terms(["aftersales_crm"], ["zh_CN"])
        cls.readers = cls.gm | cls.advisor | cls.advisor_2 | cls.crc
        cls.readers.lang = "zh_CN"
        cls.manager.lang = "en_US"

    def _get_subjects(self, record, user):
        told = self._get_messages(record).filtered(lambda message: user.partner_id in message.notified_partner_ids)
        return " | ".join(filter(None, told.mapped("subject")))

    def test_lane(self):
        """A case in the safety lane is told to an English manager and to a Chinese general manager, words and all."""
        case = self._create_complaint(user=self.crc_2, kind_id=self.kind_brakes.id)
        self.assertIn(f"{case.name} needs you at once", self._get_subjects(case, self.manager))
        self.assertNotIn("needs you at once", self._get_subjects(case, self.gm))
        self.assertRegex(self._get_subjects(case, self.gm), "[\u4e00-\u9fff]")
        told = self._get_messages(case).filtered(lambda m: self.gm.partner_id in m.notified_partner_ids)
        self.assertNotIn("Safety lane:", " ".join(told.mapped("body")))
        self.assertIn(case.description, " ".join(told.mapped("body")), "the customer's words stay as they are")

    def test_hand_over(self):
        """A hand-over that an English colleague proposes is read in Chinese by who is to take it, and by who gets it back."""
        case = self._create_complaint(user=self.crc)
        self.as_user(case, self.crc).with_context(lang="en_US").action_propose_handover(self.advisor_2.id, "Holiday")
        self.assertNotIn("Hand-over of", self._get_subjects(case, self.advisor_2))
        self.assertRegex(self._get_subjects(case, self.advisor_2), "[\u4e00-\u9fff]")
        self.as_user(case, self.advisor_2).with_context(lang="en_US").action_refuse_handover("Not my car.")
        self.assertNotIn("stays with you", self._get_subjects(case, self.crc))
        self.assertRegex(self._get_subjects(case, self.crc), "[\u4e00-\u9fff]")

    def test_appeal(self):
        """The person concerned reads the finding's notice and the decision in his own language."""
        case = self._lead_to(self._create_complaint(), "investigated")
        appeal = case.sudo().appeal_ids
        self.assertNotIn("Finding in", self._get_subjects(appeal, self.advisor))
        self.assertRegex(self._get_subjects(appeal, self.advisor), "[\u4e00-\u9fff]")
        self.as_user(appeal, self.advisor).with_context(lang="en_US").action_lodge("The part was missing.")
        self.assertNotIn("Appeal against", self._get_subjects(case, self.gm))
        self.as_user(appeal, self.gm).with_context(lang="en_US").action_decide(False, "It was there.")
        self.assertNotIn("Decision on", self._get_subjects(appeal, self.advisor))

    def test_next_step(self):
        """The activity of the next step names it in the language of whoever has it."""
        case = self._create_complaint(user=self.crc)
        chinese = case.sudo().activity_ids.filtered(lambda activity: activity.user_id == self.crc)
        self.assertRegex(chinese.summary, "[\u4e00-\u9fff]")
        self.as_user(case, self.manager).action_confirm()
        self.as_user(case, self.manager).action_classify(handler_id=self.manager.id)
        english = case.sudo().activity_ids.filtered(lambda activity: activity.user_id == self.manager)
        self.assertRegex(english.summary, "^[ -~]+$")
