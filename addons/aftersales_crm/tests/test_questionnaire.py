from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_callback import AftersalesCallbackCommon


@tagged("post_install", "-at_install")
class TestQuestionnaire(AftersalesCallbackCommon):
    def test_questionnaire_default(self):
        """A default questionnaire is in use for each kind; the one after repair asks eight times yes or no."""
        for kind in ("repair", "absent", "second"):
            found = self.env["aftersales.questionnaire"]._active_for(kind, self.store)
            self.assertEqual((found.kind, found.state, found.version), (kind, "active", 1))
        yes_no = self.questionnaire.question_ids.filtered(lambda q: q.kind == "yes_no")
        self.assertEqual(len(yes_no), 8)
        self.assertEqual(set(yes_no.mapped("problem_answer")), {"no"})
        self.assertTrue(all(question.problem_category_id for question in yes_no))

    def test_questionnaire_locked(self):
        """A version that was activated never changes; a new version is changed and takes its place."""
        admin = self.as_user(self.questionnaire, self.admin)
        with self.assertRaises(UserError):
            admin.question_ids[0].problem_answer = "yes"
        with self.assertRaises(UserError):
            admin.question_ids[0].unlink()
        with self.assertRaises(UserError):
            admin.write({"question_ids": [(0, 0, {"name": "One more", "kind": "yes_no"})]})
        with self.assertRaises(UserError):
            admin.unlink()
        admin.question_ids[0].name = "Mended spelling"
        draft = admin.browse(admin.action_new_version()["res_id"])
        self.assertEqual((draft.state, draft.version, draft.previous_id), ("draft", 2, self.questionnaire))
        draft.question_ids[0].problem_answer = "yes"
        draft.action_activate()
        self.assertEqual((draft.state, self.questionnaire.state), ("active", "retired"))
        self.assertEqual(self.env["aftersales.questionnaire"]._active_for("repair", self.store), draft)

    def test_questionnaire_own_store(self):
        """A store's own questionnaire goes before the shared one, in that store only."""
        own = self.questionnaire.copy({"company_id": self.store.id})
        own.action_activate()
        questionnaires = self.env["aftersales.questionnaire"]
        self.assertEqual(questionnaires._active_for("repair", self.store), own)
        self.assertEqual(questionnaires._active_for("repair", self.store_b), self.questionnaire)

    def test_questionnaire_rights(self):
        """Only the administrator writes questionnaires, and nobody writes their state."""
        for user in (self.crc, self.manager, self.gm, self.advisor):
            with self.assertRaises(AccessError):
                self.as_user(self.questionnaire, user).action_retire()
        with (
            self.assertRaises(AccessError),
            mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin"),
        ):
            self.as_user(self.questionnaire, self.admin).write({"state": "draft"})

    def test_questionnaire_script(self):
        """An unknown name in a script is refused; unknown braces in the filled text stay as written."""
        with self.assertRaises(ValidationError):
            self.questionnaire.copy().script = "Hello {costumer}"
        self.assertEqual(self.questionnaire._fill_script("Hello {customer}", {"customer": "{agent}"}), "Hello {agent}")

    def test_question_one_satisfaction(self):
        """A questionnaire asks for overall satisfaction once, as a score from 1 to 5."""
        draft = self.questionnaire.copy()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            draft.question_ids.create(
                {"questionnaire_id": draft.id, "name": "Again", "kind": "score5", "is_satisfaction": True}
            )

    def test_answer_values(self):
        """What is keyed in becomes an answer, a problem or a good one; nonsense is refused by name."""
        polite, score = self.question["polite"], self.question["satisfaction"]
        self.assertEqual(
            polite._prepare_answer_values("no"), {"value_yes_no": "no", "is_problem": True, "is_good": False}
        )
        self.assertEqual(polite._prepare_answer_values(False)["value_yes_no"], "no")
        self.assertTrue(score._prepare_answer_values(2)["is_problem"])
        self.assertEqual([score._prepare_answer_values(n)["is_good"] for n in (3, 4, 5)], [False, True, True])
        self.assertEqual(score._prepare_answer_values("4")["value_score"], 4)
        self.assertEqual(score._prepare_answer_values(None), {})
        self.assertEqual(self.question["praise"]._prepare_answer_values("  "), {})
        for question, value in ((polite, "maybe"), (score, 6), (score, 0), (score, "x"), (self.question["praise"], 5)):
            with self.assertRaises(ValidationError):
                question._prepare_answer_values(value)
