from odoo import fields, models

from ..tools.dating import is_importing

# What a file of another system tells of a person
IMPORTED_FIELDS = frozenset({"name", "phone", "street"})


class ResPartner(models.Model):
    _inherit = "res.partner"

    aftersales_source_date = fields.Datetime(
        "Values as of",
        copy=False,
        readonly=True,
        groups="aftersales_crm.group_aftersales_user",
        help="The moment of the export, or of the correction by hand, that told these values last. An older export does "
        "not overwrite them.",
    )
    aftersales_import_line_ids = fields.One2many(
        "aftersales.import.line", "partner_id", "Import Rows", groups="aftersales_crm.group_aftersales_admin"
    )

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def write(self, vals):
        result = super().write(vals)
        if IMPORTED_FIELDS.intersection(vals) and not is_importing(self):
            # Sudoed: who corrects the card need not know of exports. An export of before does not bring the value back.
            super(ResPartner, self.sudo()).write({"aftersales_source_date": fields.Datetime.now()})
        return result

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_aftersales_view_import_lines(self):
        """Open the rows of the imports that touched these persons."""
        return self.env["aftersales.import.line"]._view_lines(
            ["|", ("partner_id", "in", self.ids), ("brought_by_id", "in", self.ids)]
        )

    def action_aftersales_is_doubted(self):
        """Say that this is the person whom a file left in doubt (button on the list of the known persons)."""
        self.ensure_one()
        doubt = self.env["aftersales.import.doubt"].browse(self.env.context.get("doubt_id")).exists()
        return doubt.action_same(self.id)
