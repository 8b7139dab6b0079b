from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# How many are shown while an action is written, and how far back other cars are looked at
SHOWN = 10
OTHER_CARS_DAYS = 365
# From this share of common letter triples on a title is alike
ALIKE = 0.35


class AftersalesCorrectiveSimilarMixin(models.AbstractModel):
    """What the store knows already while an action is being written: earlier actions against the same problem, with what
    they achieved, and other cars with the same cause."""

    _name = "aftersales.corrective.similar.mixin"
    _description = "Corrective Action: What Is Known Already"

    similar_ids = fields.Many2many(
        "aftersales.corrective.action", string="Similar Earlier Actions", compute="_compute_similar_ids"
    )
    other_car_ids = fields.Many2many(
        "aftersales.complaint",
        string="Same Cause on Other Cars",
        compute="_compute_other_car_ids",
        groups="aftersales_crm.group_aftersales_crc,aftersales_crm.group_aftersales_gm",
    )

    @api.depends("problem_category_id", "cause_id", "complaint_ids.kind_id", "name", "company_id")
    def _compute_similar_ids(self):
        for action in self:
            action.similar_ids = action._get_similar()

    @api.depends("cause_id", "complaint_ids.vehicle_id", "company_id")
    def _compute_other_car_ids(self):
        since = fields.Datetime.now() - timedelta(days=OTHER_CARS_DAYS)
        for action in self:
            if not action.cause_id:
                action.other_car_ids = False
                continue
            complaints = self.env["aftersales.complaint"].search(
                [
                    ("company_id", "=", action.company_id.id),
                    ("cause_id", "child_of", action.cause_id.id),
                    ("date_received", ">=", since),
                    ("state", "!=", "merged"),
                    ("vehicle_id", "not in", action.complaint_ids.vehicle_id.ids),
                ],
                limit=SHOWN * 5,
            )
            action.other_car_ids = complaints

    def _get_similar(self):
        """Earlier actions of the store that were submitted: same problem, same cause, same kind of complaint or a like title.

        Those whose effect is known come first, the latest first.
        """
        self.ensure_one()
        same = []
        if self.problem_category_id:
            same.append(Domain("problem_category_id", "=", self.problem_category_id.id))
        if self.cause_id:
            same.append(Domain("cause_id", "child_of", self.cause_id.id))
        if self.complaint_ids.kind_id:
            same.append(Domain("complaint_ids.kind_id", "in", self.complaint_ids.kind_id.ids))
        alike = self._get_alike_ids()
        if alike:
            same.append(Domain("id", "in", alike))
        if not same:
            return self.browse()
        domain = Domain.OR(same) & Domain(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "not in", ("draft", "cancelled")),
                ("id", "!=", self._origin.id),
            ]
        )
        return self.browse(self.search(domain, order="date_verified DESC NULLS LAST, id DESC", limit=SHOWN).ids)

    def _get_alike_ids(self):
        """Ids of actions whose title reads alike; rights are checked by who searches them."""
        if not (self.name or "").strip() or not self.env.registry.has_trigram:
            return []
        self.env["aftersales.corrective.action"].flush_model(["name", "company_id"])
        return [
            row[0]
            for row in self.env.execute_query(
                SQL(
                    "SELECT id FROM aftersales_corrective_action WHERE company_id = %s AND similarity(name, %s) >= %s"
                    " ORDER BY similarity(name, %s) DESC LIMIT %s",
                    self.company_id.id or 0,
                    self.name,
                    ALIKE,
                    self.name,
                    SHOWN,
                )
            )
        ]
