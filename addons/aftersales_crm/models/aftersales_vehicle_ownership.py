from odoo import api, fields, models

from ..tools import bulk

# Who may look into the chapter of a former owner: who reviews files, and who answers for the store
FORMER_OWNER_GROUPS = (
    "aftersales_crm.group_aftersales_archivist,aftersales_crm.group_aftersales_manager,"
    "aftersales_crm.group_aftersales_gm,aftersales_crm.group_aftersales_admin"
)


class AftersalesVehicleOwnership(models.Model):
    """Who owned the car from when to when. Written by the vehicle file and by approved change requests alone.

    A closed row is the chapter of a former owner: with the messages and papers of that time, for reviewers only.
    """

    _name = "aftersales.vehicle.ownership"
    _description = "Vehicle Owner"
    _inherit = ["aftersales.protected.mixin", "mail.thread"]
    _order = "date_from desc, id desc"
    _rec_name = "partner_id"
    _check_company_auto = True
    _protected_append_only = True

    vehicle_id = fields.Many2one("aftersales.vehicle", required=True, index=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", "Owner", required=True, index=True, ondelete="restrict")
    license_plate = fields.Char("Plate")
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To")
    change_request_id = fields.Many2one("aftersales.change.request", index="btree_not_null")
    document_ids = fields.One2many("aftersales.vehicle.document", "chapter_id", "Documents")
    company_id = fields.Many2one(related="vehicle_id.company_id", store=True, index=True)

    _current_uniq = models.UniqueIndex("(vehicle_id) WHERE date_to IS NULL", "A vehicle has one owner at a time.")
    _dates = models.Constraint("CHECK(date_to IS NULL OR date_to >= date_from)", "An ownership ends after it begins.")

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _begin(self, vehicles):
        """Begin the history of the cars that have an owner."""
        today = {company: company._aftersales_today() for company in vehicles.company_id}
        bulk.create(
            self.sudo().with_context(tracking_disable=True),
            [
                {
                    "vehicle_id": vehicle.id,
                    "partner_id": vehicle.partner_id.id,
                    "license_plate": vehicle.license_plate,
                    "date_from": vehicle.delivery_date or today[vehicle.company_id],
                }
                for vehicle in vehicles.filtered("partner_id")
            ],
            protected=True,
        )

    @api.model
    def _correct(self, vehicles):
        """Put right the current owner: the entry was wrong, the car did not change hands."""
        for vehicle in vehicles:
            current = self.sudo()._current_of(vehicle)
            if not current:
                self._begin(vehicle)
            elif vehicle.partner_id:
                current._write_protected({"partner_id": vehicle.partner_id.id})

    @api.model
    def _pass_on(self, vehicle, request):
        """Close the chapter of the former owner and open the one of whom the car belongs to now (superuser mode).

        :return: the closed chapter, empty when the car had no owner
        """
        date = request.date_transfer or vehicle.company_id._aftersales_today()
        current = vehicle.ownership_ids._current()
        if current:
            current._write_protected({"date_to": max(date, current.date_from)})
            # The new row is inserted at once and would meet the old one still open
            current.flush_recordset(["date_to"])
        self.with_context(tracking_disable=True)._create_protected(
            [
                {
                    "vehicle_id": vehicle.id,
                    "partner_id": vehicle.partner_id.id,
                    "license_plate": vehicle.license_plate,
                    "date_from": date,
                    "change_request_id": request.id,
                }
            ]
        )
        return current

    @api.model
    def _current_of(self, vehicles):
        """Return the open chapters of the vehicles.

        By a search and not by `ownership_ids`: read by the server, that field would stay in the cache with closed
        chapters, for a user who may not see them.
        """
        return self.search([("vehicle_id", "in", vehicles.ids), ("date_to", "=", False)])

    def _current(self):
        return self.filtered(lambda row: not row.date_to)

    def _take_messages(self, messages):
        """Make messages of the file those of this chapter (superuser mode).

        Odoo shows a message for ever to who wrote it or was told of it. Within a closed chapter nobody keeps such a
        door: who wrote stays as the sender's name, who was told is forgotten.
        """
        self.ensure_one()
        for message in messages.filtered("author_id"):
            message.email_from = message.author_id.email_formatted or message.author_id.name
        messages.notification_ids.unlink()
        messages.write(
            {
                "model": self._name,
                "res_id": self.id,
                "author_id": False,
                "partner_ids": [fields.Command.clear()],
                "starred_partner_ids": [fields.Command.clear()],
                "message_type": "notification",
            }
        )
        messages.flush_recordset()
        self.env.cr.execute(
            "UPDATE mail_message SET create_uid = %s WHERE id = ANY(%s)", [api.SUPERUSER_ID, messages.ids]
        )
        messages.invalidate_recordset(["create_uid"])

    def _timeline_texts(self, kind):
        """What the timeline says of each row."""
        return {row.id: row.partner_id.display_name for row in self}
