import base64
import json

from odoo import fields
from odoo.tests import freeze_time
from odoo.tools import SQL

from .common_callback import AftersalesCallbackCommon
from .common_case import AftersalesCaseCommon

SECRET = "客户原话机密"
NAME = "欧阳无名"
PHONE = "13666667777"
# What may not be found any more
MARKS = (SECRET, NAME, PHONE, "136 6666 7777", "secret.person")


class TestPersonalDataOfAllFloors(AftersalesCaseCommon, AftersalesCallbackCommon):
    """DOMAIN 9: the copy holds what every floor keeps of a person; at the end none of it is left, wherever it stood.

    Every text of the person holds `SECRET`, what the staff writes names the person: one look through all columns of the
    database finds what was forgotten.
    """

    def setUp(self):
        super().setUp()
        self.owner.write({"name": NAME, "phone": PHONE, "email": "secret.person@example.org"})
        self.crc_2.group_ids = [fields.Command.link(self.env.ref("aftersales_crm.group_aftersales_manager").id)]

    def live(self):
        """A visit by an import, a callback, a complaint with its whole way, and an action born from it."""
        cells = {"order": "WX-SECRET", "name": NAME, "phone": PHONE, "date_in": "2026-03-01 09:00"}
        with freeze_time("2026-03-03 02:00:00"):
            self.imported = self._apply([self._row(**cells, date_out="2026-03-02 16:30")])
        order = self._find_order("WX-SECRET")
        self.assertEqual(order.partner_id, self.owner)
        order.write({"customer_words": f"{SECRET}进厂", "declined_advice": f"{SECRET}建议", "callback_phone": PHONE})
        order.message_post(body=f"{SECRET}消息", attachments=[(f"{SECRET}.txt", SECRET.encode())])
        self.callback = self._create_callback(order)
        with freeze_time("2026-03-06 02:00:00"):
            answers = self._answers(suggestion=f"{SECRET}意见", praise=f"{SECRET}表扬", other_problem=f"{SECRET}其他")
            self._call(self.callback, "completed", answers=answers, note=f"{SECRET}通话", phone=PHONE)
        self.callback.remark = f"{SECRET}备注"
        self.callback._write_protected({"explanation": f"{NAME} was due"})
        self.callback.message_post(body=f"{SECRET}回访")
        self.env["aftersales.callback.flag"]._create_protected(
            [
                {
                    "callback_id": self.callback.id,
                    "company_id": self.store.id,
                    "kind": "comment",
                    "detail": f"{SECRET}相同",
                    "date_flag": fields.Datetime.now(),
                }
            ]
        )
        case = self.complaint = self._create_complaint(
            repair_order_id=order.id,
            description=f"{SECRET}投诉",
            remedy_sought=f"{SECRET}诉求",
            source="hotline_12315",
        )
        case.message_post(
            body=f"{SECRET}来信",
            author_id=self.owner.id,
            message_type="email",
            subtype_xmlid="mail.mt_comment",
            attachments=[(f"{SECRET}.png", SECRET.encode())],
        )
        self._lead_to(case, "investigated", statement_customer=f"{SECRET}一方", statement_staff=f"{NAME} shouted")
        appeal = case.appeal_ids.filtered(lambda row: row.user_id == self.advisor)
        self.as_user(appeal, self.advisor).action_lodge(f"{NAME} is wrong")
        action = self.action = self._create_action(
            complaint_ids=[fields.Command.link(case.id)],
            problem=case.description,
            root_cause=f"Nobody told {NAME} ({PHONE}) the price.",
        )
        self._lead_action_to(action, "in_progress")
        self.as_user(action, action.supervisor_id).action_add_progress(f"{NAME} was asked")
        self.as_user(case, self.gm).write({"solution": f"{NAME} gets 100", "goodwill_amount": 100.0})
        self._lead_to(case, "carried_out")
        self.as_user(case, self.crc_2).action_record_second_callback("yes", f"{SECRET}二次")
        self._answer_bodies(case)
        self.as_user(case, self.gm).safety_statement = f"{NAME} is safe"
        self.as_user(case, self.gm).action_close()
        self.order = order
        self.env.flush_all()
        self.env.cr.precommit.run()

    def ask(self, kind):
        request = self.as_user(self.env["aftersales.data.request"], self.crc).create(
            {"partner_id": self.owner.id, "kind": kind, "wish": f"{SECRET}请求", "company_id": self.store.id}
        )
        self.as_user(request, self.gm).action_carry_out()
        return request

    def find_marks(self):
        """Every table and column of the database, and every stored file, that still holds a mark."""
        self.env.flush_all()
        columns = self.env.execute_query(
            SQL(
                """SELECT c.table_name, c.column_name FROM information_schema.columns c
                     JOIN information_schema.tables t USING (table_schema, table_name)
                    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
                      AND c.data_type IN ('character varying', 'text', 'jsonb', 'json')"""
            )
        )
        found = []
        for table, column in columns:
            held = SQL(" OR ").join(
                SQL("%s::text LIKE %s", SQL.identifier(column), f"%{mark}%")
                for mark in (*MARKS, *(json.dumps(mark)[1:-1].replace("\\", "\\\\") for mark in (SECRET, NAME)))
            )
            if self.env.execute_query(SQL("SELECT 1 FROM %s WHERE %s LIMIT 1", SQL.identifier(table), held)):
                found.append(f"{table}.{column}")
        files = self.env["ir.attachment"].search(
            [("res_field", "in", [False, "file", "table_file", "copy_file", "copy_page"])]
        )
        found += [f"file of {file.res_model}" for file in files if file.type == "binary" and self.is_marked(file.raw)]
        return sorted(set(found))

    def is_marked(self, content):
        return any(mark.encode() in (content or b"") for mark in MARKS)

    def test_copy(self):
        """The copy tells visits, imported rows, calls and answers, complaints, mails and actions that name the person."""
        self.live()
        request = self.ask("copy").sudo()
        content = json.loads(base64.b64decode(request.copy_file))
        page = base64.b64decode(request.copy_page).decode()
        self.assertLessEqual(set(content), set(self.owner._aftersales_section_names()), "Every section has a name")
        for text in (SECRET, NAME, PHONE, self.complaint.name, "WX-SECRET"):
            self.assertIn(text, page)
        expected = {
            "visits": ("进厂", "建议", PHONE),
            "imported_rows": ("WX-SECRET", PHONE),
            "callbacks": ("意见", "表扬", "备注"),
            "callback_answers": ("其他",),
            "calls_made": (PHONE, "通话"),
            "complaints": ("投诉", "诉求", "一方", "shouted", "gets 100", "二次", "12315"),
            "complaint_messages": ("来信",),
            "complaint_external_bodies": ("Mediated",),
            "corrective_actions": (self.action.number,),
            "messages": (),
        }
        for section, texts in expected.items():
            for text in texts:
                with self.subTest(section=section, text=text):
                    self.assertIn(text, json.dumps(content[section], ensure_ascii=False))
        other = self.env["res.partner"].create({"name": "Somebody Else"})
        for section, rows in other._aftersales_personal_data(self.store).items():
            with self.subTest(section=section):
                self.assertFalse(rows if section != "card" else [], "Nothing of other people is told")

    def test_kept_by_duty(self):
        """Kept for six years after the last visit, call or complaint; an open complaint is kept anew every day."""
        open_case = self._create_complaint(description=f"{SECRET}还没完")
        self.ask("deletion")
        today = self.store._aftersales_today()
        self.assertEqual(self.owner.aftersales_erase_date, fields.Date.add(today, years=6))
        self.assertEqual(open_case.description, f"{SECRET}还没完", "What duty keeps is not touched before")
        later = fields.Date.add(today, years=6, days=2)
        with freeze_time(later), self.enter_registry_test_mode():
            self.env.ref("aftersales_crm.ir_cron_aftersales_erase").method_direct_trigger()
        self.env.invalidate_all()
        self.assertFalse(self.owner.aftersales_erased, "The case is open: it waits for its end")
        self.assertGreater(self.owner.aftersales_erase_date, later)

    def test_erased_everywhere(self):
        """At the end no column and no file of the database holds the person's words, name or number any more."""
        self.live()
        copy = self.ask("copy")
        self.ask("deletion")
        self.assertTrue(self.find_marks())
        steps = (self.complaint.state, self.complaint.goodwill_amount, self.callback.satisfaction, self.action.state)
        self.owner.sudo()._aftersales_erase()
        self.env.invalidate_all()
        self.assertEqual(self.find_marks(), [])
        self.assertFalse(copy.sudo().copy_file)
        # What is counted, and who did what, stays
        self.assertEqual(
            steps,
            (self.complaint.state, self.complaint.goodwill_amount, self.callback.satisfaction, self.action.state),
        )
        self.assertEqual(len(self.callback.attempt_ids), 1)
        self.assertEqual(self.complaint.root_cause, "No torque standard for this bolt.")
        self.assertIn("Nobody told", self.action.root_cause)
        self.assertTrue(self.action._approval_current("sign"), "Signed as it was")
        self.assertEqual(self.imported.count_create + self.imported.count_update, 1)

    def test_in_sets(self):
        """Several persons are erased with the searches of one."""

        def make(count, start):
            cars = self._create_customers(count, start=start)
            for call in self.env["aftersales.callback"].create(
                [
                    {
                        "repair_order_id": order.id,
                        "company_id": self.store.id,
                        "date_due": "2026-03-05",
                        "date_expiry": "2026-03-17",
                        "remark": SECRET,
                    }
                    for order in self._create_delivered(cars)
                ]
            ):
                call.message_post(body=SECRET)
            self.env.flush_all()
            self.env.invalidate_all()
            return cars.partner_id

        def cost(persons):
            before = self.env.cr.sql_log_count
            persons._aftersales_erase()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        make(1, 900)[0]._aftersales_erase()
        small, large = cost(make(2, 910)), cost(make(12, 920))
        # Odoo's own card is renamed one by one; everything else is done for all at once
        self.assertLess(large, small + 10 * 13, (small, large))
