from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.phone import phone_digits
from .res_partner import CARD_GROUPS

# What is left of a card when its time is over
_ERASED = (
    *("phone", "email", "street", "street2", "zip", "city", "state_id", "vat", "company_registry", "comment", "ref"),
    *("website", "function", "company_name"),
    "aftersales_occupation",
    "aftersales_birth_date",
    "aftersales_identity_number",
    "aftersales_mailing_address",
    "aftersales_mailing_phone",
    "aftersales_do_not_call_reason",
)
# Fields by which a person stands behind a car, and what they are called in the copy of the data
_ROLES = ("partner_id", "contact_id", "driver_id", "brought_by_id")


class ResPartner(models.Model):
    """Data that are kept by duty alone, and erased at the end (PIPL 47; DOMAIN 9).

    Every floor that keeps something of a person extends three hooks: what a person is told (`_aftersales_personal_data`),
    until when a record is kept by duty (`_aftersales_last_record_dates`), what is taken off at the end
    (`_aftersales_erase`). Whose words they are decides: the person's own go, what the staff wrote of the case stays
    without name and number (`_aftersales_unname`), and so do dates, amounts, scores and steps, which name nobody.
    """

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

    # ------------------------------------------------------------
    # STORED ONLY
    # ------------------------------------------------------------

    def _aftersales_last_record_dates(self):
        """Hook: the dates of the records of a person that are kept by duty (superuser mode). Upper floors add theirs."""
        self.ensure_one()
        chapters = self.env["aftersales.vehicle.ownership"].sudo().search([("partner_id", "=", self.id)])
        return [date for chapter in chapters if (date := chapter.date_to or chapter.date_from)]

    def _aftersales_kept_until(self, company):
        """Return the day until which the latest record of the person is kept by duty, today when there is none."""
        today = company._aftersales_today()
        dates = [date for date in self._aftersales_last_record_dates() if date]
        years = company.aftersales_retention_years
        return max([today, *(fields.Date.add(date, years=years) for date in dates)])

    def _aftersales_store_only(self, company):
        """From now on the data are kept by duty alone (superuser mode).

        :return: the day after which the scheduled action erases them
        """
        self.ensure_one()
        until = self._aftersales_kept_until(company)
        self._aftersales_set_do_not_call(self.env._("Asked for deletion of the data."))
        given = self.env["aftersales.consent"].search([("partner_id", "=", self.id), ("state", "=", "given")])
        given._do_withdraw(self.env._("Asked for deletion of the data."))
        self._write_protected({"aftersales_stored_only": True, "aftersales_erase_date": until})
        self._message_log(body=self.env._("Stored only, erased after %(date)s.", date=until))
        return until

    def action_aftersales_allow_calls(self, reason):
        if self.sudo().filtered("aftersales_stored_only"):
            raise UserError(self.env._("This person asked for deletion: the data are stored only, nobody calls."))
        return super().action_aftersales_allow_calls(reason)

    # ------------------------------------------------------------
    # COPY
    # ------------------------------------------------------------

    def _aftersales_personal_data(self, company):
        """Hook: everything that the store keeps of a person, as {section: [{label: value}]} (superuser mode)."""
        self.ensure_one()
        names = (
            *("name", "phone", "email", "aftersales_occupation", "aftersales_birth_date"),
            *("aftersales_identity_number", "aftersales_mailing_address", "aftersales_mailing_phone"),
            *("aftersales_do_not_call", "aftersales_do_not_call_date", "aftersales_do_not_call_reason", "comment"),
        )
        mine = Domain("partner_id", "=", self.id) & Domain("company_id", "=", company.id)
        in_store = Domain("company_id", "=", company.id)
        vehicles = self.env["aftersales.vehicle"].with_context(active_test=False)
        owned = vehicles.search(mine)
        chapters = self.env["aftersales.vehicle.ownership"].search(mine)
        papers = owned.document_ids.filtered(lambda paper: not paper.chapter_id) | chapters.document_ids
        requests = self.env["aftersales.change.request"].search(
            in_store & Domain("line_ids", "any", [("field_name", "in", _ROLES), "|", *self._aftersales_raw_domain()])
        )
        return {
            "card": [
                {
                    **row,
                    vehicles._field_label("registered_address"): self.contact_address_inline or "",
                }
                for row in self._aftersales_rows(self, names)
            ],
            "vehicles": self._aftersales_rows(
                owned,
                (
                    *("license_plate", "vin", "engine_number", "model_id", "delivery_date", "sales_reference"),
                    *("loan_lender", "loan_due_date", "inspection_due_date", "note"),
                ),
            ),
            "vehicles_of_others": [
                {
                    **self._aftersales_rows(vehicle, ("license_plate",))[0],
                    self.env._("As"): ", ".join(
                        vehicle._field_label(name) for name in _ROLES[1:] if vehicle[name] == self
                    ),
                }
                for vehicle in vehicles.search(in_store & Domain.OR(Domain(name, "=", self.id) for name in _ROLES[1:]))
            ],
            "ownerships": self._aftersales_rows(chapters, ("vehicle_id", "license_plate", "date_from", "date_to")),
            "documents": self._aftersales_rows(
                papers.filtered(lambda paper: paper.reference or paper.attachment_ids),
                ("vehicle_id", "type_id", "reference", "date_received", "date_expiry", "attachment_ids"),
            ),
            "insurances": self._aftersales_rows(
                owned.insurance_ids, ("vehicle_id", "kind", "insurer", "policy_number", "date_start", "date_end")
            ),
            "corrections": self._aftersales_rows(requests, ("name", "vehicle_id", "kind", "reason", "date_applied")),
            "consents": self._aftersales_rows(
                self.env["aftersales.consent"].search(mine),
                (
                    *("purpose", "channel", "state", "basis", "wording_version", "date_given", "date_withdrawn"),
                    *("withdrawn_reason", "proof_name"),
                ),
            ),
            "preferences": self._aftersales_rows(
                self.env["aftersales.preference"].with_context(active_test=False).search(mine), ("kind_id", "value")
            ),
            "numbers_shown": self._aftersales_rows(
                self.env["aftersales.reveal"].search(mine), ("date", "what", "purpose", "user_id")
            ),
            "requests": self._aftersales_rows(
                self.env["aftersales.data.request"].search(mine),
                ("name", "kind", "wish", "date_received", "state", "answer", "date_done"),
            ),
            "messages": self._aftersales_correspondence(self),
        }

    @api.model
    def _aftersales_section_names(self):
        """Hook: what a person calls the sections of the copy."""
        return {
            "about": self.env._("About This Copy"),
            "card": self.env._("Card"),
            "vehicles": self.env._("Your Cars"),
            "vehicles_of_others": self.env._("Cars of Others with You"),
            "ownerships": self.env._("When a Car Was Yours"),
            "documents": self.env._("Papers"),
            "insurances": self.env._("Insurance"),
            "corrections": self.env._("Corrections and Transfers"),
            "consents": self.env._("Consents"),
            "preferences": self.env._("Preferences"),
            "numbers_shown": self.env._("Looks at Your Numbers"),
            "requests": self.env._("Your Requests"),
            "messages": self.env._("Correspondence"),
        }

    def _aftersales_raw_domain(self):
        """The leaves of a domain on lines of change requests that name the person as old or new value."""
        raw = self.env["aftersales.vehicle"]._to_raw("partner_id", self)
        return [("old_raw", "=", raw), ("new_raw", "=", raw)]

    @api.model
    def _aftersales_rows(self, records, names):
        """Values of records under their labels, as plain text."""
        return [
            {
                records._fields[name].get_description(self.env, ["string"])["string"]: self._aftersales_text(
                    record, name
                )
                for name in names
            }
            for record in records
        ]

    @api.model
    def _aftersales_text(self, record, name):
        field, value = record._fields[name], record[name]
        if field.relational:
            return ", ".join(value.mapped("display_name"))
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "datetime" and value:
            return str(self.env.company._aftersales_local(value).replace(tzinfo=None, microsecond=0))
        if field.type in ("float", "monetary"):
            return f"{value:.2f}"
        return str(value if value is not False else "")

    def _aftersales_correspondence(self, records):
        """What the person wrote to the store about the records, and was written by it, as rows of a copy."""
        self.ensure_one()
        messages = self.env["mail.message"].search(
            Domain("model", "=", records._name)
            & Domain("res_id", "in", records.ids)
            & (Domain("author_id", "=", self.id) | Domain("partner_ids", "in", self.ids)),
            order="id",
        )
        return self._aftersales_rows(messages, ("date", "subject", "preview", "attachment_ids"))

    # ------------------------------------------------------------
    # ERASURE
    # ------------------------------------------------------------

    def _aftersales_erase(self):
        """Hook: take off what names the persons (superuser mode). Records stay without them; upper floors do likewise."""
        self.env["aftersales.preference"].with_context(active_test=False).search(
            [("partner_id", "in", self.ids)]
        ).unlink()
        chapters = self.env["aftersales.vehicle.ownership"].search([("partner_id", "in", self.ids)])
        vehicles = (
            self.env["aftersales.vehicle"].with_context(active_test=False).search([("partner_id", "in", self.ids)])
        )
        papers = chapters.document_ids
        papers |= vehicles.document_ids.filtered(lambda paper: paper.type_id.is_personal and not paper.chapter_id)
        papers.attachment_ids.unlink()
        self._aftersales_blank(papers, "reference")
        self._aftersales_blank(vehicles, "note", "loan_lender", "loan_due_date")
        self._aftersales_blank(vehicles.insurance_ids, "policy_number", "note")
        self._aftersales_forget_messages(chapters, vehicles)
        self._aftersales_erase_requests()
        self._aftersales_forget_decisions(vehicles)
        self._aftersales_blank(
            self.env["aftersales.consent"].search([("partner_id", "in", self.ids)]), "proof", "proof_name"
        )
        self._aftersales_forget_messages(self)
        self.env["mail.followers"].search([("partner_id", "in", self.ids)]).unlink()
        untracked = self.with_context(tracking_disable=True)
        untracked._write_protected(
            {**dict.fromkeys(_ERASED, False), "image_1920": False, "active": False, "aftersales_erased": True}
        )
        for partner in untracked:
            partner.name = partner._aftersales_erased_name()

    def _aftersales_erase_requests(self):
        """What was asked for in the person's name, and the copies of the data that were given."""
        asked = self.env["aftersales.data.request"].search([("partner_id", "in", self.ids)])
        self._aftersales_blank(asked, "wish", "answer", "copy_file", "copy_page")
        named = self.env["aftersales.change.request.line"].search(
            Domain("field_name", "in", _ROLES)
            & Domain.OR(Domain.OR([[leaf] for leaf in partner._aftersales_raw_domain()]) for partner in self)
        )
        corrections = named.request_id
        # The fingerprint of the decision binds the raw values, which stay: numbers of records, not names
        for line in named:
            line.with_context(tracking_disable=True)._write_protected(
                {
                    name: self._aftersales_unname(line[name])
                    for name in ("old_value", "new_value")
                    if line[name] and line[name] != self._aftersales_unname(line[name])
                }
            )
        self._aftersales_blank(corrections, "reason")
        self._aftersales_forget_decisions(corrections)
        self._aftersales_forget_messages(asked, corrections)

    @api.model
    def _aftersales_blank(self, records, *names):
        """Empty fields of records, whoever protects them; a required text says that it was erased."""
        required = {name for name in names if records._fields[name].required}
        vals = {name: self.env._("(erased)") if name in required else False for name in names}
        filled = records.filtered(lambda record: any(record[name] for name in names))
        if filled:
            filled = filled.with_context(tracking_disable=True, mail_notrack=True)
            getattr(filled, "_write_protected", filled.write)(vals)

    @api.model
    def _aftersales_forget_messages(self, *many):
        """Delete the messages of the records, notices to colleagues included, with files, activities and followers."""
        for records in many:
            of_records = [("res_model", "=", records._name), ("res_id", "in", records.ids)]
            messages = self.env["mail.message"].search([("model", "=", records._name), ("res_id", "in", records.ids)])
            files = messages.attachment_ids | self.env["ir.attachment"].search([*of_records, ("res_field", "=", False)])
            messages.unlink()
            files.exists().unlink()
            self.env["mail.activity"].with_context(active_test=False).search(of_records).unlink()

    @api.model
    def _aftersales_forget_decisions(self, records):
        """Take off what was decided about in decisions on the records; who decided, when, and the fingerprint stay."""
        decisions = self.env["aftersales.approval"].search(
            [("res_model", "=", records._name), ("res_id", "in", records.ids)]
        )
        decisions.filtered("content")._write_protected({"content": {}})
        self._aftersales_blank(decisions, "note", "reason", "void_reason")
        self._aftersales_forget_messages(decisions)

    def _aftersales_unname(self, text):
        """Return a text without the names and numbers of these persons."""
        if not text:
            return text
        for partner in self:
            words = {partner.name, partner.email, partner.aftersales_identity_number}
            for number in (partner.phone, partner.aftersales_mailing_phone):
                words |= {number, phone_digits(number)}
            # A name of one character would take words apart
            for word in sorted((word for word in words if word and len(word) > 1), key=len, reverse=True):
                if isinstance(text, Markup):
                    text = Markup(str(text).replace(str(escape(word)), str(escape(partner._aftersales_erased_name()))))
                else:
                    text = text.replace(word, partner._aftersales_erased_name())
        return text

    def _aftersales_unname_fields(self, records, *names):
        """Take names and numbers of these persons off texts that the staff wrote.

        :return: the records that had named one
        """
        changed = records.browse()
        for record in records:
            vals = {name: self._aftersales_unname(record[name]) for name in names if record[name]}
            vals = {name: text for name, text in vals.items() if text != record[name]}
            if vals:
                record.with_context(tracking_disable=True, mail_notrack=True)._write_protected(vals)
                changed |= record
        return changed

    def _aftersales_erased_name(self):
        self.ensure_one()
        return self.env._("Erased person %(number)s", number=self.id)

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
            # Who came again since is kept for the new visit's time
            until = partner._aftersales_kept_until(partner.company_id or self.env.company)
            if until > today:
                partner._write_protected({"aftersales_erase_date": until})
            else:
                partner._aftersales_erase()
            if not self.env["ir.cron"]._commit_progress(1):
                break
