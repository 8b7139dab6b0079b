from datetime import datetime

from odoo.tests import BaseCase, TransactionCase, tagged

from ..tools.complaint_steps import (
    NEXT_STEP,
    OPEN,
    TERMINAL,
    TRANSITIONS,
    has_word,
    highest,
    is_higher,
    is_near,
    is_own_text,
    one_higher,
    propose_level,
)


@tagged("post_install", "-at_install")
class TestComplaintSteps(BaseCase):
    """The way of a complaint, without a database."""

    def propose(self, kind_level, **rules):
        names = ("is_safety", "is_external", "is_outside", "is_repeated", "is_recurrence")
        return propose_level(kind_level, **{name: rules.get(name, False) for name in names})

    def test_every_step_starts_where_a_case_can_be(self):
        """Every state of the graph exists; the natural way on leads from the first step to the end."""
        states = set(OPEN + TERMINAL)
        for sources, target in TRANSITIONS.values():
            self.assertLessEqual({*sources, target}, states)
        state, way = "received", []
        while state in NEXT_STEP:
            sources, target = TRANSITIONS[NEXT_STEP[state]]
            self.assertIn(state, sources)
            way.append(state)
            state = target
        self.assertEqual((way, state), (list(OPEN), "closed"))

    def test_levels_compare(self):
        """No level is the lowest one; above the highest there is nothing."""
        self.assertEqual(highest(False, "important", "general"), "important")
        self.assertEqual(highest(False, None), "general")
        self.assertEqual([one_higher(level) for level in ("general", "urgent")], ["important", "urgent"])
        self.assertTrue(is_higher("important", False))
        self.assertFalse(is_higher(False, "general"))

    def test_level_proposed_by_rule(self):
        """Lanes are urgent, a channel outside the store is important at least, repetition raises by one each."""
        self.assertEqual(self.propose(False), ("general", []))
        self.assertEqual(self.propose("important"), ("important", ["kind"]))
        self.assertEqual(self.propose("general", is_safety=True), ("urgent", ["safety"]))
        self.assertEqual(self.propose("urgent", is_outside=True), ("urgent", ["kind", "outside"]))
        self.assertEqual(
            self.propose("general", is_repeated=True, is_recurrence=True), ("urgent", ["repeated", "recurrence"])
        )

    def test_near_in_days_or_kilometres(self):
        """A problem is the same again within the days, or within the kilometres when both readings are known."""
        now, before = datetime(2026, 11, 23), datetime(2026, 8, 1)
        self.assertTrue(is_near(now, before, 120, 0, 0, 0))
        self.assertFalse(is_near(now, before, 90, 0, 0, 5000))
        self.assertTrue(is_near(now, before, 90, 14000, 10000, 5000))
        self.assertFalse(is_near(now, before, 90, 16000, 10000, 5000))
        self.assertFalse(is_near(now, before, 90, 9000, 10000, 5000))

    def test_own_text(self):
        """A root cause is a new one when it says something else; case and spaces do not count."""
        self.assertFalse(is_own_text(" Worn  Seal", "worn seal"))
        self.assertFalse(is_own_text(" ", "worn seal"))
        self.assertTrue(is_own_text("wrong torque", False))

    def test_safety_words(self):
        """The words of a store are a list with commas, half or full width; empty entries match nothing."""
        self.assertTrue(has_word("The BRAKE failed", "fire, brake"))
        self.assertTrue(has_word("刹车失灵", "起火，刹车"))
        self.assertFalse(has_word("The seat squeaks", "fire,, brake"))
        self.assertFalse(has_word(False, False))


@tagged("post_install", "-at_install")
class TestComplaintStates(TransactionCase):
    def test_states_of_the_model_are_those_of_the_graph(self):
        """The selection of the complaint and the graph name the same states, in the same order."""
        selection = self.env["aftersales.complaint"]._fields["state"].selection
        self.assertEqual(tuple(state for state, _label in selection), OPEN + TERMINAL)
