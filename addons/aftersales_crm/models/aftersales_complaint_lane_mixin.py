from odoo import fields, models
from odoo.exceptions import UserError

from ..tools.complaint_steps import TERMINAL, has_word


class AftersalesComplaintLaneMixin(models.AbstractModel):
    """The safety lane and the external lane (media, consumer hotline, authority) of a complaint.

    Kind, words and channel open a lane by themselves. It is left with a reason only, by the general manager; and no path
    ends a case around what a lane demands. Who leaves the safety lane still owes the safety statement.
    """

    _name = "aftersales.complaint.lane.mixin"
    _description = "Complaint: Safety and External Lane"
    _inherit = ["aftersales.protected.mixin"]

    _protected_fields = frozenset(
        {
            "lane_left_reason",
            "was_safety",
        }
    )

    is_safety = fields.Boolean("Safety Lane", copy=False, tracking=True)
    is_external = fields.Boolean(
        "Media or Authority",
        copy=False,
        tracking=True,
        help="Media, consumer hotline or another authority is involved.",
    )
    was_safety = fields.Boolean(
        "Was in the Safety Lane", copy=False, help="Whoever leaves the lane still owes the safety statement."
    )
    lane_left_reason = fields.Char("Why the Lane was Left", copy=False)
    stop_driving = fields.Selection(
        [("advised", "Advised to Stop Driving"), ("not_needed", "Not Needed")], "Stop-driving Advice", copy=False
    )
    maker_report = fields.Selection(
        [("reported", "Reported"), ("not_needed", "Not Needed")], "Report to the Maker", copy=False
    )
    maker_report_reference = fields.Char("Maker's Reference", copy=False)
    safety_statement = fields.Text(copy=False)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_leave_lane(self, lane, reason):
        """Leave the safety or the external lane that was entered by mistake.

        :param str lane: is_safety or is_external
        """
        self._check_reason(reason)
        self._check_people()
        self._check_group("aftersales_crm.group_aftersales_gm")
        if lane not in ("is_safety", "is_external"):
            raise UserError(self.env._("Name the lane to leave: is_safety or is_external."))
        for complaint in self:
            complaint._check_open()
            if lane == "is_safety" and complaint.kind_id.is_safety:
                raise UserError(self.env._("%s: choose another kind first, this one is safety.", complaint.name))
            if lane == "is_external" and (complaint._is_external_channel() or complaint._get_lane_bodies()):
                raise UserError(self.env._("%s: media or an authority is involved.", complaint.name))
            complaint._write_protected({lane: False, "lane_left_reason": reason})
            complaint.message_post(body=self.env._("Lane left: %s", reason))

    def action_involve(self, body_id, reference=None, demand=None, contact=None):
        """Record that a body outside the store takes part: its clocks start, its demands of the day are listed.

        :param int body_id: the body
        :param str reference: the number under which it keeps the case
        """
        self._check_people()
        self._check_worker()
        body = self.env["aftersales.external.body"].browse(body_id).exists()
        if not body:
            raise UserError(self.env._("Name the body that is involved."))
        body.check_access("read")
        for complaint in self:
            complaint._check_open()
            if complaint.external_ids.filtered(lambda row: row.body_id == body and row.state != "settled"):
                raise UserError(
                    self.env._("%(number)s: %(body)s takes part already.", number=complaint.name, body=body.name)
                )
            values = {"reference": reference, "demand": demand, "contact": contact}
            self.env["aftersales.complaint.external"]._involve(complaint, body, values)
            complaint.message_post(body=self.env._("%s takes part in the case.", body.name))
            if body.is_lane and not complaint.is_external:
                complaint.is_external = True

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _lane_write_reasons(self, vals):
        """Return why the values may not be written: a lane is not left by unticking it."""
        self.ensure_one()
        if any(self[name] and name in vals and not vals[name] for name in ("is_safety", "is_external")):
            return [
                self.env._(
                    '%s: the safety and the external lane are not left by unticking. Use "Leave Lane".', self.name
                )
            ]
        return []

    def _lane_reasons(self):
        """Return what the safety and the external lane still lack: no path ends a case around them."""
        self.ensure_one()
        reasons = []
        if self.is_safety:
            if not self.stop_driving:
                reasons.append(self.env._("Record the stop-driving advice."))
            if not self.maker_report:
                reasons.append(self.env._("Record the report to the maker."))
        if (self.is_safety or self.was_safety or self.is_external) and not (self.safety_statement or "").strip():
            reasons.append(self.env._("Write the safety statement."))
        if self.is_external and not self.external_ids:
            reasons.append(self.env._("Name the authority or the medium that is involved."))
        return reasons + self.external_ids._reasons()

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _apply_lanes(self):
        """Open the lanes that kind, words and channel call for, and name the advisor concerned."""
        for complaint in self.filtered(lambda c: c.state not in TERMINAL):
            values = {}
            if not complaint.is_safety and (complaint.kind_id.is_safety or complaint._has_safety_words()):
                values["is_safety"] = True
            body = self.env["aftersales.external.body"]._of_channel(complaint.source, complaint.company_id)
            if body and body not in complaint.external_ids.body_id:
                self.env["aftersales.complaint.external"]._involve(complaint, body)
            if not complaint.is_external and (complaint._is_external_channel() or body.is_lane):
                values["is_external"] = True
            if (complaint.is_safety or values.get("is_safety")) and not complaint.was_safety:
                values["was_safety"] = True
            advisor = complaint.repair_order_id.sudo().advisor_id
            in_hand = advisor in complaint.owner_id | complaint.handler_id and complaint.state != "received"
            if complaint.kind_id.concerns_advisor and advisor - complaint.concerned_ids and not in_hand:
                values["concerned_ids"] = [fields.Command.link(advisor.id)]
            if values:
                complaint._write_protected(values)

    def _is_external_channel(self):
        return self.source in ("hotline_12315", "media")

    def _get_lane_bodies(self):
        """Return the media and authorities that take part."""
        return self.external_ids.body_id.filtered("is_lane")

    def _has_safety_words(self):
        self.ensure_one()
        if self.lane_left_reason:
            return False
        return has_word(self.description, self.company_id.aftersales_safety_words)

    def _tell_lane(self):
        self.ensure_one()
        users = self._get_role_users("manager") | self._get_role_users("gm")
        self._tell(users, lambda c: (c.env._("%s needs you at once", c.name), c._get_lane_words()))

    def _get_lane_words(self):
        """Return what the service manager and the general manager are told when a case enters a lane."""
        self.ensure_one()
        if self.is_safety:
            return self.env._(
                "Safety lane: record the stop-driving advice and the report to the maker, and write the safety"
                " statement. Customer's words: %s",
                self.description,
            )
        return self.env._("Media or an authority is involved. Customer's words: %s", self.description)
