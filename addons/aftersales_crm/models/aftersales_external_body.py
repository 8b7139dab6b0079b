from odoo import api, fields, models
from odoo.fields import Domain


class AftersalesExternalBody(models.Model):
    """Who from outside the store takes part in a complaint: consumer hotline, authority, maker, media, platform.

    Its times are clock policies (`external_answer`, `external_settle`) whose level is the code of the body; what it
    demands are dated rows: law and brand rules change, and a case keeps those of its day.
    """

    _name = "aftersales.external.body"
    _description = "External Body"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Technical name; also the level of its clock policies.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all stores.")
    kind = fields.Selection(
        [
            ("authority", "Authority"),
            ("maker", "Maker"),
            ("media", "Media"),
            ("platform", "Platform"),
        ],
        required=True,
    )
    source = fields.Selection(
        selection="_selection_source", string="Channel", help="A complaint from this channel involves the body at once."
    )
    is_lane = fields.Boolean(
        "Opens the Lane", help="Media and authorities: the case is urgent and does not end without what they demand."
    )
    must_settle = fields.Boolean("Waits for its End", help="The case does not end before the matter is over there too.")
    demand_ids = fields.One2many("aftersales.external.demand", "body_id", "Demands", copy=True)

    _code_uniq = models.UniqueIndex("(code, COALESCE(company_id, 0))", "Another body has this code already.")

    @api.model
    def _selection_source(self):
        return self.env["aftersales.complaint"]._fields["source"]._description_selection(self.env)

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _of_channel(self, source, company):
        """Return the body that a channel involves; that of the store before the shared one."""
        domain = Domain("source", "=", source) & Domain("company_id", "in", [company.id, False])
        return self.sudo().search(domain).sorted(lambda body: (not body.company_id, body.sequence, body.id))[:1]
