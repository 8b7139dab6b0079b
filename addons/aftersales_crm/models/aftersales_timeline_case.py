from odoo import api, fields, models
from odoo.tools import SQL

from .aftersales_timeline import _KINDS_AT_MOST
from .aftersales_vehicle_ownership import FORMER_OWNER_GROUPS

# A row of an action is told by the action and one of its cases: so many cases have room beside each action. Both fit into
# the 53 bits in which a browser keeps a number.
_CASES_AT_MOST = 1 << 27
# Kind of event -> column of its moment, column of who did it
_STEPS = {
    "action": ("create_date", "create_uid"),
    "action_signed": ("date_signed", None),
    "action_done": ("date_done", "done_by_id"),
    "action_verified": ("date_verified", "verified_by_id"),
    "action_closed": ("date_closed", None),
}


class AftersalesTimeline(models.Model):
    _inherit = "aftersales.timeline"

    kind = fields.Selection(
        selection_add=[
            ("complaint", "Complaint"),
            ("complaint_closed", "Complaint closed"),
            ("action", "Measure begun"),
            ("action_signed", "Measure signed off"),
            ("action_done", "Measure carried out"),
            ("action_verified", "Effect verified"),
            ("action_closed", "Measure closed"),
        ]
    )

    @api.model
    def _timeline_sources(self):
        complaint = {"model": "aftersales.complaint", "user": "handler_id", "personal": True, "since": "date_received"}
        return [
            *super()._timeline_sources(),
            {**complaint, "kind": "complaint", "date": "date_received"},
            {**complaint, "kind": "complaint_closed", "date": "date_closed"},
            *(
                {"kind": kind, "model": "aftersales.corrective.action", "date": date, "user": user}
                for kind, (date, user) in _STEPS.items()
            ),
        ]

    @api.model
    def _timeline_selects(self, number, kind, model, date, **source):
        if model != "aftersales.corrective.action":
            return super()._timeline_selects(number, kind, model, date, **source)
        return self._timeline_action_selects(number, kind, date, source["user"])

    @api.model
    def _timeline_action_selects(self, number, kind, date, user):
        """An action has no car of its own: it stands in the stream of each car and customer of its complaints, once.

        Who may read neither the action nor the complaint that leads to it has no row; a former owner's complaint leads to
        that person's page alone.
        """
        actions = self.env["aftersales.corrective.action"]
        complaints = self.env["aftersales.complaint"]
        if not (actions.has_access("read") and complaints.has_access("read")):
            return []
        actions.flush_model([date, user or date, "company_id", "complaint_ids"])
        complaints.flush_model(["vehicle_id", "partner_id", "date_received"])
        conditions = [SQL("action.%s IS NOT NULL", SQL.identifier(date))]
        if not self.env.su:
            for alias, documents in (("action", actions), ("complaint", complaints)):
                allowed = documents._search([], order="id")
                if allowed.where_clause.code:
                    conditions.append(SQL("%s.id IN %s", SQL.identifier(alias), allowed.subselect()))
        vehicle, nowhere = SQL("complaint.vehicle_id"), SQL("NULL::integer")
        values = {"number": number, "kind": kind, "date": date, "user": user}
        if self.env.su or self.env.user.has_groups(FORMER_OWNER_GROUPS):
            return [self._timeline_action_select(vehicle, conditions, **values)]
        # Two selects, so that the car is compared by its index and never worked out row by row
        former = self._timeline_is_former(vehicle, SQL("complaint.partner_id"), SQL("complaint.date_received"))
        return [
            self._timeline_action_select(vehicle, [*conditions, SQL("NOT %s", former)], **values),
            self._timeline_action_select(nowhere, [*conditions, former], **values),
        ]

    @api.model
    def _timeline_action_select(self, vehicle, conditions, number, kind, date, user):
        return SQL(
            "SELECT (row.action_id::bigint * %(cases)s + row.complaint_id) * %(most)s + %(number)s AS id, row.date,"
            " %(kind)s AS kind, row.vehicle_id, row.partner_id, row.user_id, row.company_id,"
            " 'aftersales.corrective.action' AS res_model, row.action_id AS res_id"
            " FROM (SELECT DISTINCT ON (action.id, %(vehicle)s, complaint.partner_id) action.id AS action_id,"
            " complaint.id AS complaint_id, action.%(date)s::timestamp AS date, %(vehicle)s AS vehicle_id,"
            " complaint.partner_id, %(user)s AS user_id, action.company_id"
            " FROM aftersales_corrective_action AS action"
            " JOIN aftersales_action_complaint_rel AS link ON link.action_id = action.id"
            " JOIN aftersales_complaint AS complaint ON complaint.id = link.complaint_id"
            " WHERE %(conditions)s ORDER BY action.id, %(vehicle)s, complaint.partner_id, complaint.id) AS row",
            cases=_CASES_AT_MOST,
            most=_KINDS_AT_MOST,
            number=number,
            kind=kind,
            date=SQL.identifier(date),
            vehicle=vehicle,
            user=SQL("action.%s", SQL.identifier(user)) if user else SQL("NULL::integer"),
            conditions=SQL(" AND ").join(conditions),
        )
