import re

from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools.complaint_steps import OPEN, TERMINAL, TRANSITIONS
from .common_case import AftersalesCaseCommon

LINE = re.compile(
    r"^    (\w+) +(every open step|every step|[a-z_]+(?:, [a-z_]+)*) +((?:owner|handler|CRC|SM|GM)\b.*)$", re.M
)
# Steps whose people depend on the level: the others are tried at one level
BY_LEVEL = ("classify", "second_callback", "close", "reject", "withdraw", "change_level")
OUTSIDERS = ("advisor", "archivist", "officer", "admin", "concerned", "other_store")


@tagged("post_install", "-at_install")
class TestComplaintMatrix(AftersalesCaseCommon):
    """Every line of the matrix in the docstring of the model, tried as every person, from every state, at two levels."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gm_2 = cls._create_user("gm_2", "gm", cls.store)
        cls.gm_3 = cls._create_user("gm_3", "gm", cls.store)
        doc = type(cls.env["aftersales.complaint"])
        table = next(
            base.__doc__ for base in doc.mro() if "=====" in (base.__doc__ or "") and "leave_lane" in base.__doc__
        )
        cls.matrix = {}
        for step, states, who in LINE.findall(table):
            states = {"every open step": OPEN, "every step": OPEN + TERMINAL}.get(states) or tuple(states.split(", "))
            cls.matrix[step] = (states, who.strip().split(", "))
        cls.target = cls.env["aftersales.complaint"]

    def people(self, level):
        return {
            "owner": self.advisor_2,
            "handler": self.manager if level == "general" else self.gm,
            "SM": self.manager_2,
            "GM": self.gm_2,
            "CRC": self.crc_2,
            "advisor": self.advisor,
            "archivist": self.archivist,
            "officer": self.officer,
            "admin": self.admin,
            "concerned": self.gm_3,
            "other_store": self.gm_b,
        }

    def case(self, state, level):
        """A case with everything that a step could lack, put into the state by hand."""
        complaint = self._create_complaint(
            self.advisor_2,
            concerned_ids=[(6, 0, self.gm_3.ids)],
            **self._investigation(responsible_main_id=self.gm_3.id),
        )
        self.target = self.target or self._create_complaint(self.crc)
        done = state in TERMINAL
        complaint._write_protected(
            {
                "state": state,
                "level": level,
                "handler_id": False if state in ("received", "confirmed") else self.people(level)["handler"].id,
                "solution": "Tighten it",
                "root_cause": f"No standard for bolt {complaint.id}",
                "no_action_reason": "Done already",
                "unsatisfied_reason": "Told 12315",
                "second_satisfied": "no" if state == "second_callback" else False,
                "date_closed": Datetime.now() if done else False,
            }
        )
        if done:
            complaint._end_custody(Datetime.now())
            complaint.sudo().clock_ids._record_event("stop")
        self.env.flush_all()
        return complaint

    def act(self, case, step):
        """The public method of the step, with arguments that it accepts."""
        calls = {
            "confirm": lambda: case.action_confirm(),
            "classify": lambda: case.action_classify(reason="Seen"),
            "investigate": lambda: case.action_investigate(),
            "propose": lambda: case.action_propose_solution(),
            "revise": lambda: case.action_revise_solution(),
            "carry_out": lambda: case.action_carry_out(),
            "second_callback": lambda: case.action_record_second_callback("yes", "Good", "5"),
            "rework": lambda: case.action_rework("Again"),
            "close": lambda: case.action_close(),
            "reject": lambda: case.action_reject("No fault", "12315"),
            "withdraw": lambda: case.action_withdraw("Said so"),
            "merge": lambda: case.action_merge(self.target.id),
            "reopen": lambda: case.action_reopen("Again"),
            "acknowledge": lambda: case.action_acknowledge(),
            "promote": lambda: case.action_promote(),
            "reply": lambda: case.action_reply("We call you"),
            "promise": lambda: case.action_promise(Datetime.add(Datetime.now(), hours=3)),
            "pause": lambda: case.action_pause("customer", "Photos"),
            "handover": lambda: case.action_propose_handover(self.crc.id, "Leave"),
            "change_level": lambda: case.action_change_level("urgent", "Seen"),
            "involve": lambda: case.action_involve(self.env.ref("aftersales_crm.external_body_maker").id),
            "leave_lane": lambda: case.action_leave_lane("is_safety", "Mistake"),
            "gm_seen": lambda: case.action_gm_seen(),
        }
        calls[step]()

    def succeeds(self, complaint, step, user):
        """Whether the person gets through; nothing of it stays."""
        case = self.as_user(complaint, user).with_context(
            tracking_disable=True,
            mail_activity_automation_skip=True,
            allowed_company_ids=user.company_ids.ids,
        )
        if step == "promote":
            complaint._write_protected({"nature": "grievance"})
        if step == "acknowledge":
            complaint._write_protected({"date_acknowledged": False})
        self.env.flush_all()
        savepoint = self.cr.savepoint(flush=False)
        try:
            self.act(case, step)
            self.env.flush_all()
            return True
        except (UserError, AccessError):
            return False
        finally:
            self.env.clear()
            savepoint.rollback()
            savepoint.close(rollback=True)

    def expected(self, step, name, level):
        if name in OUTSIDERS:
            return False
        who = self.matrix[step][1]
        names = {"handler": ("handler", "SM" if level == "general" else "GM"), "SM": ("SM", "CRC")}.get(name, (name,))
        if step == "second_callback" and name == "handler":
            return False
        return any(entry in who or (f"{entry}*" in who and level == "general") for entry in names)

    def test_table_is_the_graph(self):
        """The docstring names every step of the graph with the states from which it starts."""
        for step, (states, _target) in TRANSITIONS.items():
            self.assertEqual(set(self.matrix[step][0]), set(states), step)
        self.assertEqual(len(self.matrix), 23)

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin")
    def test_every_line_as_every_person(self):
        """Who is named gets through from the named states; everybody else, and every other state, is refused."""
        wrong, tried = [], 0
        for level in ("general", "important"):
            people = self.people(level)
            for state in OPEN + TERMINAL:
                complaint = self.case(state, level)
                for step, (states, _who) in self.matrix.items():
                    if level != "general" and step not in BY_LEVEL:
                        continue
                    # From a wrong state nobody gets through: the one with every right stands for all
                    names = people if state in states else ("GM",) if level == "general" else ()
                    # Outsiders are refused before anybody looks at the level
                    names = [name for name in names if level == "general" or name not in OUTSIDERS]
                    for name in names:
                        tried += 1
                        expected = state in states and self.expected(step, name, level)
                        if self.succeeds(complaint, step, people[name]) != expected:
                            wrong.append((level, state, step, name, "refused" if expected else "got through"))
        self.assertFalse(wrong, f"{len(wrong)} of {tried}")
        self.assertGreater(tried, 900)
