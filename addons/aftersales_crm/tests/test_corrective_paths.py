import random
from contextlib import contextmanager
from datetime import datetime, timedelta

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools.corrective import WORKING, due_rungs
from .common_case import AftersalesCaseCommon

PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"
APPROVAL_LOG = "odoo.addons.aftersales_crm.models.aftersales_approval"
REFUSED = (AccessError, UserError, ValidationError, IntegrityError)


@tagged("post_install", "-at_install")
class TestCorrectivePaths(AftersalesCaseCommon):
    """Responsible person, deadline, sign-off, independence and effect hold by every path that a client has."""

    # What no path may write, whoever asks
    FORGED = {
        "state": "signed",
        "number": "CA/0",
        "round": 3,
        "proposed_by_id": 2,
        "date_signed": "2026-01-01 00:00:00",
        "date_started": "2026-01-01 00:00:00",
        "date_done": "2026-01-01 00:00:00",
        "done_by_id": 2,
        "date_verified": "2026-01-01 00:00:00",
        "verified_by_id": 2,
        "date_closed": "2026-01-01 00:00:00",
        "date_first_deadline": "2030-01-01",
        "extension_date": "2030-01-01",
        "extension_count": 0,
        "baseline": 50.0,
        "baseline_n": 10,
        "effect_before": 50.0,
        "effect_after": 1.0,
        "effect_after_n": 10,
        "effect_p": 0.001,
        "effective": "yes",
        "effect_conclusion": "Great",
        "return_reason": "x",
        "cancel_reason": "x",
    }

    def _paths(self, record, values):
        """Every way to write on a record: list edit and drag (write), form (web_save), import (load)."""
        name, value = next(iter(values.items()))
        xmlid = record.sudo().export_data(["id"])["datas"][0][0]
        field = record._fields[name]
        cell = str(value) if field.type != "many2one" else None
        yield "write", lambda: record.write(values)
        yield "form", lambda: record.web_save(values, {"display_name": {}})
        if cell is not None:
            yield "import", lambda: self._load(record, [name], [xmlid, cell])
        else:
            yield "import", lambda: self._load(record, [f"{name}/.id"], [xmlid, str(value)])

    def _load(self, model, names, row):
        """Import one row; what it answers as an error is raised."""
        result = model.browse().load(["id", *names], [row])
        errors = [message["message"] for message in result["messages"] if message["type"] == "error"]
        if errors or not result["ids"]:
            raise UserError("\n".join(errors))

    @contextmanager
    def _refusing(self, *what):
        """Whatever is tried inside must be refused, and leaves nothing behind."""
        try:
            with mute_logger(PROTECTED_LOG, APPROVAL_LOG, "odoo.sql_db"), self.env.cr.savepoint():
                yield
                self.env.flush_all()
        except REFUSED:
            return
        self.fail(f"not refused: {what}")

    def _refused(self, record, user, values):
        for path, attempt in self._paths(self.as_user(record, user), values):
            with self._refusing(path, user.login, values):
                attempt()

    def test_forged_values(self):
        """No role writes a step, a signature, a date or a measured number by form, list, drag or import."""
        action = self._lead_action_to(self._create_action(), "submitted")
        names = list(self.FORGED)
        before = action.read(names)
        for user in (self.advisor, self.crc, self.manager, self.gm, self.admin):
            for name in names:
                self._refused(action, user, {name: self.FORGED[name]})
        action.invalidate_recordset()
        self.assertEqual(action.read(names), before)

    def test_forged_creation(self):
        """Nobody creates an action that is signed, done or measured already, by form or import."""
        template = self._create_action()
        for user in (self.crc, self.manager, self.gm):
            for name, value in self.FORGED.items():
                with mute_logger(PROTECTED_LOG), self.assertRaises(AccessError, msg=name), self.env.cr.savepoint():
                    self._create_action(user=user, **{name: value})
            rows = [["Imported", "Problem", self.advisor.id, self.manager_2.id, "2030-01-01", "signed"]]
            names = ["name", "problem", "responsible_id/.id", "supervisor_id/.id", "date_deadline", "state"]
            with mute_logger(PROTECTED_LOG):
                result = self.as_user(template, user).browse().load(names, rows)
            self.assertFalse(result["ids"])
            self.assertTrue(result["messages"])

    def test_mandatory_on_every_path(self):
        """Responsible person, supervisor and deadline can be taken away by no path, and the two stay two persons."""
        action = self._create_action()
        measure = action.measure_ids
        for record, values in (
            (action, {"responsible_id": False}),
            (action, {"supervisor_id": False}),
            (action, {"date_deadline": False}),
            (action, {"responsible_id": self.manager_2.id}),
            (measure, {"responsible_id": False}),
            (measure, {"date_deadline": False}),
        ):
            for path in ("write", "web_save"):
                with self._refusing(path, values):
                    case = self.as_user(record, self.manager)
                    if path == "write":
                        case.write(values)
                    else:
                        case.web_save(values, {"display_name": {}})
        for missing in ("responsible_id/.id", "date_deadline"):
            names = ["name", "problem", "responsible_id/.id", "supervisor_id/.id", "date_deadline"]
            row = ["Imported", "Problem", str(self.advisor.id), str(self.manager_2.id), "2030-01-01"]
            place = names.index(missing)
            with mute_logger("odoo.sql_db"):
                result = (
                    self.as_user(action, self.manager)
                    .browse()
                    .load(names[:place] + names[place + 1 :], [row[:place] + row[place + 1 :]])
                )
            self.assertFalse(result["ids"], missing)

    def test_measures_and_ledgers_on_every_path(self):
        """A measure is not done by a write, and earlier rounds, notes and reminders are never made or changed."""
        action = self._lead_action_to(self._create_action(), "in_progress")
        self.as_user(action, self.manager_2).action_add_progress("Half printed.")
        self.env["aftersales.corrective.round"]._keep(action)
        self.env["aftersales.corrective.reminder"]._create_protected(
            [{"action_id": action.id, "rung": "before", "date_due": action.date_deadline}]
        )
        for user in (self.advisor, self.crc, self.manager, self.gm, self.admin):
            self._refused(action.measure_ids, user, {"date_done": "2026-01-01"})
            self._refused(action.measure_ids, user, {"done_by_id": user.id})
            self._refused(action.progress_ids, user, {"note": "All printed."})
            self._refused(action.round_ids, user, {"effective": "yes"})
            for model in ("round", "reminder", "progress"):
                rows = self.env[f"aftersales.corrective.{model}"].search([("action_id", "=", action.id)])
                self.assertTrue(rows)
                with mute_logger(PROTECTED_LOG), self.assertRaises(AccessError):
                    self.as_user(rows, user).unlink()
                with mute_logger(PROTECTED_LOG), self.assertRaises(AccessError):
                    self.as_user(rows, user).create({"action_id": action.id})
            with self.assertRaises(AccessError):
                self.as_user(self.env["aftersales.corrective.duty"].search([], limit=1), user).unlink()

    @mute_logger(APPROVAL_LOG)
    def test_who_takes_each_step(self):
        """Each step is taken by its person and by nobody else, whatever their role; a delegate of a proposer neither."""
        everybody = self.advisor | self.advisor_2 | self.crc | self.manager | self.manager_2 | self.gm | self.gm_b
        today = self.store._aftersales_today()
        later = Date.add(today, days=60)
        steps = (
            ("submitted", lambda case: case.action_approval_approve(), self.gm),
            ("signed", lambda case: case.action_start(), self.advisor),
            ("in_progress", lambda case: case.measure_ids.action_done("photo"), self.advisor),
            ("in_progress", lambda case: case.action_request_extension(later, "Paper"), self.advisor | self.manager_2),
            ("done", lambda case: case.action_verify("yes", "Fine.", "Clear"), self.manager_2),
        )
        for state, step, allowed in steps:
            action = self._lead_action_to(self._create_action(), state)
            for user in everybody - allowed:
                with self._refusing(state, user.login):
                    step(self.as_user(action, user))
                self.assertEqual(action.state, state)
            step(self.as_user(action, allowed[0]))
        proposed = self._create_action(user=self.gm)
        self.as_user(proposed, self.gm).action_submit()
        self.env["aftersales.delegation"].create(
            {
                "delegator_id": self.gm.id,
                "delegate_id": self.manager.id,
                "date_from": today,
                "date_to": today,
                "reason": "Leave",
                "company_id": self.store.id,
            }
        )
        with self.assertRaises(AccessError):
            self._sign(proposed, self.manager)

    def test_a_reply_by_mail_changes_nothing(self):
        """An e-mail to the thread of an action is a message: it signs, does and closes nothing."""
        action = self._lead_action_to(self._create_action(), "submitted")
        message = self.as_user(action, self.manager).message_post(
            body="Please sign.", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        before = action.read(["state", "date_signed", "responsible_id", "date_deadline"])
        mail = (
            f"From: {self.gm.email or 'gm@example.com'}\r\nTo: catchall@example.com\r\nSubject: state: signed\r\n"
            f"Message-ID: <reply-1@example.com>\r\nIn-Reply-To: {message.message_id}\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n\r\nApproved. state=signed date_signed=2026-01-01\r\n"
        )
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process("aftersales.corrective.action", mail)
        action.invalidate_recordset()
        self.assertEqual(action.read(["state", "date_signed", "responsible_id", "date_deadline"]), before)
        self.assertTrue(action._approval_pending("sign"))

    def test_one_character_and_a_tag(self):
        """One character of a measure voids the signature by every path; a team member or a note does not."""
        for path in ("write", "web_save", "load", "lines"):
            action = self._lead_action_to(self._create_action(), "in_progress")
            measure = self.as_user(action.measure_ids, self.manager)
            text = f"{measure.name}."
            if path == "write":
                measure.name = text
            elif path == "web_save":
                measure.web_save({"name": text}, {"display_name": {}})
            elif path == "load":
                self._load(measure, ["name"], [measure.sudo().export_data(["id"])["datas"][0][0], text])
            else:
                self.as_user(action, self.manager).write({"measure_ids": [Command.update(measure.id, {"name": text})]})
            self.assertEqual(action.state, "submitted", path)
            self.assertFalse(action._approval_current("sign"), path)
            self._sign(action)
            case = self.as_user(action, self.manager)
            case.write({"team_ids": [Command.link(self.crc.id)], "w_where": "Reception", "cost_actual": 10})
            self.as_user(action, self.manager_2).action_add_progress("Half.")
            self.assertEqual(action.state, "in_progress", path)

    def test_done_needs_a_proof(self):
        """A measure is done with a note or a file of one's own; another document's file is no proof."""
        action = self._lead_action_to(self._create_action(), "in_progress")
        mine = self.as_user(action.measure_ids, self.advisor)
        with self.assertRaisesRegex(UserError, "photo"):
            mine.action_done(" ")
        files = self.env["ir.attachment"].with_user(self.advisor)
        foreign = self.env["ir.attachment"].create({"name": "contract.pdf", "raw": b"x"})
        with self.assertRaises(AccessError):
            mine.action_done(attachments=foreign.ids)
        placed = files.create({"name": "a.png", "raw": b"x", "res_model": "res.partner", "res_id": self.owner.id})
        with self.assertRaises(AccessError):
            mine.action_done(attachments=placed.ids)
        photo = files.create({"name": "desk.png", "raw": b"x"})
        mine.action_done(attachments=photo.ids)
        self.assertEqual(action.measure_ids.proof_ids, photo)
        self.assertTrue(self.as_user(photo, self.manager_2).name, "whoever reads the measure sees the proof")

    # ------------------------------------------------------------
    # COMPLAINTS
    # ------------------------------------------------------------

    def test_complaint_is_not_closed_around_its_action(self):
        """A complaint that demands an action keeps it: not unlinked from either side, not cancelled, not deleted."""
        complaint = self._create_complaint(kind_id=self.kind_brakes.id)
        action = self._create_action(complaint_ids=[Command.set(complaint.ids)])
        self._lead_action_to(action, "signed")
        complaint.sudo()._write_protected({"state": "closed", "level": "important", "no_action_reason": False})
        for attempt in (
            lambda: self.as_user(action, self.manager).write({"complaint_ids": [Command.clear()]}),
            lambda: self.as_user(action, self.manager).write({"complaint_ids": [Command.unlink(complaint.id)]}),
            lambda: self.as_user(complaint, self.gm).write({"action_ids": [Command.clear()]}),
            lambda: self.as_user(action, self.manager).action_cancel_action("Overtaken"),
            lambda: self.as_user(action, self.manager).unlink(),
        ):
            with self._refusing("complaint"):
                attempt()
        self.assertEqual(complaint.action_ids, action)
        other = self._lead_action_to(self._create_action(complaint_ids=[Command.set(complaint.ids)]), "submitted")
        self.as_user(action, self.manager).write({"complaint_ids": [Command.clear()]})
        self.assertEqual(complaint.action_ids, other)

    # ------------------------------------------------------------
    # WHYS, DUTIES, WHAT IS KNOWN
    # ------------------------------------------------------------

    def test_whys_are_a_tree(self):
        """A question stands below one that is there, numbers are unique, and a branch goes as a whole."""
        action = self.as_user(self._create_action(), self.manager)

        def ask(outline):
            return Command.create({"outline": outline, "name": f"Why {outline}?", "answer": f"Because {outline}"})

        action.why_ids = [ask("2"), ask("1"), ask("1.10"), ask("1.2"), ask("1.2.1")]
        self.assertEqual(action.why_ids.sorted().mapped("outline"), ["1", "1.2", "1.2.1", "1.10", "2"])
        for wrong in ("3.1", "0", "1..2", "a", "1.2.1.1.1"):
            with self.assertRaises(ValidationError, msg=wrong), self.env.cr.savepoint():
                action.why_ids = [ask(wrong)]
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            action.why_ids = [ask("2")]
        action.why_ids.filtered(lambda why: why.outline == "1.2").unlink()
        self.assertEqual(action.why_ids.sorted().mapped("outline"), ["1", "1.10", "2"])

    def test_who_owes_what(self):
        """Each open step and each open measure has one person; what is done or closed is owed by nobody."""
        Duty = self.env["aftersales.corrective.duty"]
        action = self._create_action()

        def owed():
            self.env.flush_all()
            Duty.invalidate_model()
            rows = Duty.search([("action_id", "=", action.id)])
            return {(row.duty, row.user_id) for row in rows}

        self.assertEqual(owed(), {("submit", self.manager)})
        self._lead_action_to(action, "submitted")
        self.assertEqual(owed(), {("sign", self.gm)})
        self._lead_action_to(action, "signed")
        self.assertEqual(owed(), {("start", self.advisor), ("measure", self.advisor)})
        self._lead_action_to(action, "in_progress")
        self.as_user(action, self.advisor).action_request_extension(Date.add(action.date_deadline, days=3), "Paper")
        self.assertEqual(owed(), {("work", self.advisor), ("measure", self.advisor), ("extend", self.gm)})
        self._sign(action)
        self._lead_action_to(action, "done")
        self.assertEqual(owed(), {("verify", self.manager_2)})
        self.assertEqual(Duty.search([("action_id", "=", action.id)]).date_until, action.date_effect_due)
        self._lead_action_to(action, "closed")
        self.assertFalse(owed())
        other = self._create_action(date_deadline=Date.subtract(self.store._aftersales_today(), days=1), measures=False)
        late = Duty.search([("action_id", "=", other.id), ("is_late", "=", True)])
        self.assertTrue(late.is_late)
        with self.assertRaises(AccessError):
            self.as_user(late, self.manager_b).read(["name"])

    def test_known_already(self):
        """While an action is written, earlier ones against the same problem or cause stand beside it, and other cars."""
        earlier = self._lead_action_to(self._create_action(), "closed")
        self._create_action(problem_category_id=self.category.copy({"code": "mats"}).id, name="Wash the mats")
        new = self.as_user(self.env["aftersales.corrective.action"], self.manager).new(
            {"name": "Something else", "problem_category_id": self.category.id, "company_id": self.store.id}
        )
        self.assertEqual(new.similar_ids._origin, earlier)
        new.problem_category_id = False
        self.assertFalse(new.similar_ids)
        new.name = "Explain price beforehand"
        alike = earlier if self.env.registry.has_trigram else earlier.browse()
        self.assertEqual(new.similar_ids._origin, alike, "a like title is found where the database compares letters")
        self.assertIn("n = 0", earlier.effect_text)
        case = self._create_complaint()
        case.cause_id = self.cause
        new.cause_id = self.cause
        self.assertEqual(new.other_car_ids._origin, case)
        new.complaint_ids = case
        self.assertFalse(new.other_car_ids, "another complaint of the same car is no other car")

    def test_told_in_the_language_of_the_reader(self):
        """A Chinese general manager reads Chinese about an action that an English supervisor closes."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"].search([("name", "=", "aftersales_crm")])._update_translations(["zh_CN"])
        self.gm.lang = "zh_CN"
        action = self._lead_action_to(self._create_action(), "closed")
        told = self._get_messages(action).filtered(lambda m: self.gm.partner_id in m.notified_partner_ids)
        self.assertTrue(told.filtered(lambda m: "结案" in (m.subject or "")), told.mapped("subject"))

    # ------------------------------------------------------------
    # LADDER
    # ------------------------------------------------------------

    def test_ladder_over_a_year_with_outages(self):
        """Over a year of daily runs with random outages, each rung of each deadline fires exactly once, at the first run after it is due."""
        rng = random.Random(2026)
        start = datetime(2026, 1, 5, 4)
        cron = self.env.ref("aftersales_crm.ir_cron_aftersales_action_overdue")
        runs, day = [], 0
        while day < 365:
            runs.append(day)
            day += rng.choice((1, 1, 1, 1, 2, 4, 21))
        plans = []
        for number in range(6):
            deadline = start.date() + timedelta(days=rng.randrange(10, 330))
            with freeze_time(start):
                action = self._create_action(name=f"Ladder {number}", date_deadline=deadline, measures=False)
                action.measure_ids = [
                    Command.create(
                        {
                            "name": "Do",
                            "responsible_id": self.advisor.id,
                            "date_deadline": deadline,
                            "kind": "corrective",
                        }
                    )
                ]
                self._lead_action_to(action, "in_progress")
            # Some end before the deadline, some after it was missed, some never; one is given more time.
            ends = (None, 5, -5, None, 2, None)[number]
            plans.append(
                {
                    "action": action,
                    "deadlines": [(deadline, 0)],
                    "end": None if ends is None else (deadline - start.date()).days + ends,
                    "extend": (deadline - start.date()).days + 1 if number == 3 else None,
                }
            )
        with freeze_time(start) as frozen, self.enter_registry_test_mode():
            for day in range(365):
                frozen.move_to(start + timedelta(days=day))
                for plan in plans:
                    action = plan["action"]
                    if plan["extend"] == day:
                        later = action.date_deadline + timedelta(days=20)
                        self.as_user(action, self.advisor).action_request_extension(later, "Parts")
                        self._sign(action)
                        plan["deadlines"].append((later, day))
                    if plan["end"] == day:
                        self._lead_action_to(action, "done")
                if day in runs:
                    cron.method_direct_trigger()
                    self.env.invalidate_all()
        for plan in plans:
            expected = {}
            for position, (deadline, since) in enumerate(plan["deadlines"]):
                until = plan["deadlines"][position + 1][1] if position + 1 < len(plan["deadlines"]) else 365
                until = min(until, plan["end"] or 365)
                for run in (run for run in runs if since <= run < until):
                    today = start.date() + timedelta(days=run)
                    for rung in due_rungs(deadline, today, 3, 3):
                        expected.setdefault((rung, deadline), today)
            rows = self.env["aftersales.corrective.reminder"].search([("action_id", "=", plan["action"].id)])
            fired = [((row.rung, row.date_due), row.date.date()) for row in rows]
            self.assertEqual(len(fired), len({key for key, _day in fired}), "no rung fires twice")
            self.assertEqual(dict(fired), expected)
        self.assertIn(plans[0]["action"].state, WORKING)
