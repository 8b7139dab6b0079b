from datetime import timedelta

from odoo import api, fields, models

from ..tools.complaint_steps import DISMISSED, TERMINAL, is_near, is_own_text


class AftersalesComplaintRecurrenceMixin(models.AbstractModel):
    """The same problem again: of the same car, or with the same cause on other cars.

    A recurrence is found when a complaint comes in, or when its kind or car is known later; it raises the level, and
    demands a root cause of its own.
    """

    _name = "aftersales.complaint.recurrence.mixin"
    _description = "Complaint: Recurrence"
    _inherit = ["aftersales.protected.mixin"]

    _protected_fields = frozenset(
        {
            "recurrence_of_id",
        }
    )

    recurrence_of_id = fields.Many2one(
        "aftersales.complaint", "Recurrence of", copy=False, index="btree_not_null", ondelete="restrict"
    )
    same_cause_count = fields.Integer("Same Cause on Other Cars", compute="_compute_same_cause_count")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("cause_id", "vehicle_id")
    def _compute_same_cause_count(self):
        since = fields.Datetime.now() - timedelta(days=365)
        groups = self._read_group(
            [("cause_id", "in", self.cause_id.ids), ("date_received", ">=", since)],
            ["cause_id", "vehicle_id"],
            ["__count"],
        )
        for complaint in self:
            complaint.same_cause_count = sum(
                count
                for cause, vehicle, count in groups
                if cause == complaint.cause_id and vehicle != complaint.vehicle_id
            )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open_same_cause(self):
        """Open the complaints of the last year with the same cause on other cars."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Same Cause on Other Cars"),
            "res_model": "aftersales.complaint",
            "view_mode": "list,form",
            "domain": [
                ("cause_id", "=", self.cause_id.id),
                ("vehicle_id", "!=", self.vehicle_id.id),
                ("date_received", ">=", fields.Datetime.now() - timedelta(days=365)),
            ],
        }

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _recurrence_reasons(self):
        """Return why the root cause is not good enough: that of the earlier complaint did not mend the problem."""
        self.ensure_one()
        earlier = self.recurrence_of_id
        if not earlier or is_own_text(self.root_cause, earlier.sudo().root_cause):
            return []
        return [
            self.env._("This is a recurrence of %s: write a root cause of its own, not the earlier one.", earlier.name)
        ]

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _apply_recurrence(self):
        """Link the complaints that repeat an earlier one; their proposed level follows."""
        for complaint in self.filtered(lambda c: c.state not in TERMINAL and not c.recurrence_of_id):
            earlier = complaint._find_recurrence()
            if earlier:
                complaint._write_protected({"recurrence_of_id": earlier.id})

    def _find_recurrence(self):
        """Return the last complaint about the same problem of the same car, within the days or the kilometres."""
        self.ensure_one()
        if not self.vehicle_id or self.recurrence_of_id:
            return self.browse()
        company = self.company_id
        candidates = self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("vehicle_id", "=", self.vehicle_id.id),
                ("id", "<", self.id),
                ("state", "not in", DISMISSED),
            ],
            order="date_received desc, id desc",
            limit=50,
        )
        days, distance = company.aftersales_recurrence_days, company.aftersales_recurrence_km
        odometer = self.repair_order_id.sudo().odometer
        for other in candidates:
            same_kind = self.kind_id and other.kind_id and self.kind_id._get_root() == other.kind_id._get_root()
            same_problem = self.problem_category_id and self.problem_category_id == other.problem_category_id
            if not (same_kind or same_problem):
                continue
            before = other.repair_order_id.odometer
            if is_near(self.date_received, other.date_received, days, odometer, before, distance):
                return self.browse(other.id)
        return self.browse()
