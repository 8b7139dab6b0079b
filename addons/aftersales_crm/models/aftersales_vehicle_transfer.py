from markupsafe import Markup

from odoo import api, fields, models

from .aftersales_vehicle_ownership import FORMER_OWNER_GROUPS


class AftersalesVehicle(models.Model):
    """The car changes hands: it keeps its history, the former owner keeps their privacy.

    What belongs to the person goes to the closed chapter, `aftersales.vehicle.ownership`, which only reviewers open:
    messages and their files, personal papers, the loan, the remarks, the names of contact and driver, and the change
    requests so far. What belongs to the car stays: numbers, dates, readings, policies, papers of the car, and what was
    repaired (in the timeline, without the person). Upper floors close their part in `_ownership_changed`.
    """

    _inherit = "aftersales.vehicle"
    owner_since = fields.Date(
        compute="_compute_owner_since",
        compute_sudo=True,
        help="The day when the chapter of today's owner began.",
    )

    @api.depends("ownership_ids.date_from", "ownership_ids.date_to")
    def _compute_owner_since(self):
        current = self.env["aftersales.vehicle.ownership"]._current_of(self).grouped("vehicle_id")
        for vehicle in self:
            vehicle.owner_since = current[vehicle._origin].date_from if vehicle._origin in current else False

    def _apply_ownership(self, vals, request):
        """Pass the car on (superuser mode)."""
        self.ensure_one()
        previous, people = self.partner_id, self._get_people()
        lines = self._get_chapter_lines()
        vals = {
            **dict.fromkeys(
                ("contact_id", "driver_id", "brought_by_id", "loan_lender", "loan_due_date", "note"), False
            ),
            **vals,
        }
        # Untracked: the messages of the file are read by the people of the new owner
        self.with_context(tracking_disable=True)._write_protected(vals)
        closed = self.env["aftersales.vehicle.ownership"]._pass_on(self, request)
        if closed:
            self._close_chapter(closed, lines)
        self.message_unsubscribe((people - self._get_people()).ids)
        strangers = self.preference_ids.filtered(lambda preference: preference.partner_id != self.partner_id)
        strangers.write({"active": False, "vehicle_id": False})
        self._ownership_changed(previous)

    def _ownership_changed(self, previous):
        """Hook: the car has a new owner. Upper floors take back what they planned with the previous one."""

    def _get_chapter_lines(self):
        """Hook: what the file forgets with its owner, as [(label, text)], for the closed chapter."""
        self.ensure_one()
        names = ("partner_id", "contact_id", "driver_id", "brought_by_id", "loan_lender", "loan_due_date", "note")
        return [(self._field_label(name), self._raw_text(name, self._to_raw(name))) for name in names if self[name]]

    def _close_chapter(self, chapter, lines):
        """Move to the closed chapter what tells of the former owner."""
        body = Markup("<br/>").join(f"{label}: {text}" for label, text in lines)
        messages = self.env["mail.message"].search([("model", "=", self._name), ("res_id", "=", self.id)])
        scans = self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("res_field", "=", False)]
        )
        chapter._take_messages(messages)
        scans.write({"res_model": chapter._name, "res_id": chapter.id})
        chapter._message_log(body=body)
        self.document_ids.filtered("type_id.is_personal")._write_protected({"chapter_id": chapter.id})
        self.invalidate_recordset(["document_ids"])
        self.env["aftersales.vehicle.document"]._add_required(self)
        self.change_request_ids._write_protected({"is_sealed": True})

    def _approval_hides_content(self, approval):
        """The card that was decided on then names the former owner; and it names the VIN."""
        transfer_sudo = self.env["aftersales.vehicle.ownership"].sudo()._current_of(self).change_request_id
        former = transfer_sudo.date_applied and approval.date_requested <= transfer_sudo.date_applied
        return (
            super()._approval_hides_content(approval)
            or (former and not self.env.user.has_groups(FORMER_OWNER_GROUPS))
            or not self._has_field_access(self._fields["vin"], "read")
        )
