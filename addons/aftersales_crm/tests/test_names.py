from .common import AftersalesCommon


class TestNames(AftersalesCommon):
    def test_typing_a_name_finds(self):
        """Whoever types into a choice of records gets an answer, whatever the model."""
        for name, model in sorted(self.env.registry.items()):
            if name.startswith("aftersales.") and not model._abstract:
                with self.subTest(model=name):
                    self.env[name].name_search("x")

    def test_parts_of_a_tree_are_found_by_their_own_name(self):
        """Causes and kinds show the names of their parents, and are found by their own."""
        cause = self.env.ref("aftersales_crm.cause_no_standard")
        self.assertIn((cause.id, cause.display_name), self.env["aftersales.cause"].name_search(cause.name))
        kind = self.env.ref("aftersales_crm.complaint_kind_repair_quality")
        self.assertIn((kind.id, kind.display_name), self.env["aftersales.complaint.kind"].name_search(kind.name))
