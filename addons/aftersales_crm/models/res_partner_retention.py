from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .res_partner import CARD_GROUPS

# What is left of a card when its time is over
_ERASED = (
    "phone",
    "email",
    "street",
    "street2",
    "zip",
    "city",
    "vat",
    "comment",
    "aftersales_occupation",
    "aftersales_birth_date",
    "aftersales_identity_number",
    "aftersales_mailing_address",
    "aftersales_mailing_phone",
)


class ResPartner(models.Model):
    """Data that are kept by duty alone, and erased at the end (PIPL 47; DOMAIN 9)."""

    _inherit = "res.partner"
    _protected_fields = frozenset({"aftersales_stored_only", "aftersales_erase_date", "aftersales_erased"})

    aftersales_stored_only = fields.Boolean(
        "Stored Only",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups=CARD_GROUPS,
        help="The person asked for deletion. The records are kept by duty: no call, no export, erased at the end.",
    )
    aftersales_erase_date = fields.Date("Erased after", readonly=True, copy=False, groups=CARD_GROUPS)
    aftersales_erased = fields.Boolean("Erased", readonly=True, copy=False, groups=CARD_GROUPS)

    def _aftersales_last_record_dates(self):
        """Hook: {id of the person: the latest date of a record that is kept by duty}. Upper floors add theirs."""
        self.ensure_one()
        chapters = self.env["aftersales.vehicle.ownership"].sudo().search([("partner_id", "=", self.id)])
        return [date for chapter in chapters if (date := chapter.date_to or chapter.date_from)]

    def _aftersales_store_only(self, company):
        """From now on the data are kept by duty alone (superuser mode).

        :return: the day after which the scheduled action erases them
        """
        self.ensure_one()
        today = company._aftersales_today()
        dates = [date for date in self._aftersales_last_record_dates() if date]
        until = max((fields.Date.add(date, years=company.aftersales_retention_years) for date in dates), default=today)
        self._aftersales_set_do_not_call(self.env._("Asked for deletion of the data."))
        given = self.env["aftersales.consent"].search([("partner_id", "=", self.id), ("state", "=", "given")])
        given._do_withdraw(self.env._("Asked for deletion of the data."))
        self._write_protected({"aftersales_stored_only": True, "aftersales_erase_date": max(until, today)})
        self._message_log(body=self.env._("Stored only, erased after %(date)s.", date=max(until, today)))
        return max(until, today)

    def action_aftersales_allow_calls(self, reason):
        if self.sudo().filtered("aftersales_stored_only"):
            raise UserError(self.env._("This person asked for deletion: the data are stored only, nobody calls."))
        return super().action_aftersales_allow_calls(reason)

    def _aftersales_personal_data(self, company):
        """Hook: everything that the store keeps of a person, as {section: [{label: value}]} (superuser mode)."""
        self.ensure_one()
        names = (
            *("name", "phone", "email", "contact_address_inline", "aftersales_occupation", "aftersales_birth_date"),
            *("aftersales_identity_number", "aftersales_mailing_address", "aftersales_mailing_phone"),
        )
        mine = Domain("partner_id", "=", self.id) & Domain("company_id", "=", company.id)
        return {
            "card": self._aftersales_rows(self, names),
            "vehicles": self._aftersales_rows(
                self.env["aftersales.vehicle"].search(mine),
                ("license_plate", "vin", "engine_number", "model_id", "delivery_date", "loan_lender", "note"),
            ),
            "ownerships": self._aftersales_rows(
                self.env["aftersales.vehicle.ownership"].search(mine),
                ("vehicle_id", "license_plate", "date_from", "date_to"),
            ),
            "consents": self._aftersales_rows(
                self.env["aftersales.consent"].search(mine),
                ("purpose", "channel", "state", "basis", "wording_version", "date_given", "date_withdrawn"),
            ),
            "preferences": self._aftersales_rows(
                self.env["aftersales.preference"].with_context(active_test=False).search(mine), ("kind_id", "value")
            ),
            "numbers_shown": self._aftersales_rows(
                self.env["aftersales.reveal"].search(mine), ("date", "what", "purpose")
            ),
        }

    @api.model
    def _aftersales_rows(self, records, names):
        """Values of records under their labels, as plain text."""
        return [
            {
                records._fields[name].get_description(self.env, ["string"])["string"]: str(
                    record[name].display_name if records._fields[name].relational else record[name] or ""
                )
                for name in names
            }
            for record in records
        ]

    def _aftersales_erase(self):
        """Hook: take off what names the persons (superuser mode). Records stay without them; upper floors do likewise."""
        self.env["aftersales.preference"].with_context(active_test=False).search(
            [("partner_id", "in", self.ids)]
        ).unlink()
        chapters = self.env["aftersales.vehicle.ownership"].search([("partner_id", "in", self.ids)])
        papers = chapters.document_ids
        papers.attachment_ids.unlink()
        papers._write_protected({"reference": False})
        chapters.message_ids.unlink()
        untracked = self.with_context(tracking_disable=True)
        for partner in untracked:
            partner.message_ids.unlink()
            partner._write_protected(
                {
                    **dict.fromkeys(_ERASED, False),
                    "name": self.env._("Erased person %(number)s", number=partner.id),
                    "image_1920": False,
                    "active": False,
                    "aftersales_erased": True,
                }
            )

    @api.model
    def _cron_aftersales_erase(self):
        """Erase the persons whose time of keeping is over. May run as often as it likes."""
        today = fields.Date.context_today(self)
        due = self.with_context(active_test=False).search(
            [
                ("aftersales_stored_only", "=", True),
                ("aftersales_erased", "=", False),
                ("aftersales_erase_date", "<", today),
            ]
        )
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for partner in due:
            partner._aftersales_erase()
            if not self.env["ir.cron"]._commit_progress(1):
                break
