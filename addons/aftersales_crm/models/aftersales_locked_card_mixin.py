from odoo import api, fields, models
from odoo.exceptions import UserError


class AftersalesLockedCardMixin(models.AbstractModel):
    """A data card that is free in a draft and locked from its submission on, for everybody and every protocol.

    The card is changed afterwards with the model's own proof only, that is by an approved request. For such a request
    the mixin turns values of the card into text (`_to_raw`) and back (`_from_raw`), and into what people read and write
    (`_raw_text`, `_parse_text`). The record has a `state` with `draft` and `filed`.
    """

    _name = "aftersales.locked.card.mixin"
    _description = "Locked Data Card"
    _inherit = ["aftersales.protected.mixin"]

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def write(self, vals):
        if not self._has_proof():
            self._refuse_locked(self._clean_card_values(vals))
        return super().write(vals)

    # ------------------------------------------------------------
    # CARD
    # ------------------------------------------------------------

    @api.model
    def _get_card_fields(self):
        """Hook: the fields of the record that are its card."""
        return ()

    @api.model
    def _get_foreign_card_fields(self):
        """Hook: fields of another record's card that are written through this one; locked like its own."""
        return ()

    @api.model
    def _get_changeable_fields(self):
        """Return what a change request may name."""
        return (*self._get_card_fields(), *self._get_foreign_card_fields())

    @api.model
    def _clean_card_values(self, vals):
        """Hook: the values in the form in which they are stored and compared."""
        return vals

    @api.model
    def _card_value_problem(self, name, value):
        """Hook: why the value cannot stand on the card, as a sentence; False when it can."""
        return False

    def _is_changed(self, name, value):
        self.ensure_one()
        field = self._fields[name]
        return field.convert_to_write(self[name], self) != field.convert_to_write(
            field.convert_to_record(field.convert_to_cache(value, self, validate=False), self), self
        )

    def _refuse_locked(self, vals):
        """Refuse to change the data card of a file that is no longer a draft."""
        names = [name for name in (*self._get_changeable_fields(), "active", "company_id") if name in vals]
        if not names:
            return
        for vehicle in self.filtered(lambda vehicle: vehicle.state != "draft"):
            changed = [name for name in names if vehicle._is_changed(name, vals[name])]
            if not changed:
                continue
            labels = ", ".join(map(self._field_label, changed))
            if vehicle.state == "filed":
                raise UserError(
                    self.env._(
                        "%(vehicle)s is filed: %(fields)s can only be changed by a change request.",
                        vehicle=vehicle.display_name,
                        fields=labels,
                    )
                )
            raise UserError(
                self.env._(
                    "%(vehicle)s waits for approval: take it back to draft before you change %(fields)s.",
                    vehicle=vehicle.display_name,
                    fields=labels,
                )
            )

    # ------------------------------------------------------------
    # CARD AS TEXT
    # ------------------------------------------------------------

    def _to_raw(self, name, value=...):
        """Return a value of the data card (the file's own when none is given) as text for a change request."""
        field = self._fields[name]
        if value is ...:
            self.ensure_one()
            value = field.convert_to_write(self[name], self)
        if field.type == "date":
            return fields.Date.to_string(fields.Date.to_date(value)) if value else ""
        if field.type == "many2one" and isinstance(value, models.BaseModel):
            value = value.id
        return str(value) if value else ""

    @api.model
    def _from_raw(self, name, raw):
        """Return the value to write for the text of a change request.

        :raises UserError: when the text is no value of the field, or names a record that the user may not read
        """
        field = self._fields[name]
        raw = (raw or "").strip()
        if not raw:
            return False
        label = self._field_label(name)
        if field.type == "date":
            try:
                return fields.Date.to_date(raw)
            except ValueError as error:
                raise UserError(
                    self.env._("%(field)s: “%(text)s” is no date. Write it as 2025-12-31.", field=label, text=raw)
                ) from error
        if field.type == "many2one":
            record = self.env[field.comodel_name].browse(int(raw) if raw.isdecimal() else []).exists()
            if not record or not record.has_access("read"):
                raise UserError(
                    self.env._("%(field)s: there is no record “%(text)s”. Choose one.", field=label, text=raw)
                )
            return record.id
        if field.type == "selection":
            if raw not in dict(field._description_selection(self.env)):
                raise UserError(self.env._("%(field)s: “%(text)s” is no choice.", field=label, text=raw))
            return raw
        value = self._clean_card_values({name: raw})[name]
        problem = self._card_value_problem(name, value)
        if problem:
            raise UserError(problem)
        return value or False

    @api.model
    def _parse_text(self, name, text):
        """Return the raw text of a value that a person wrote in words."""
        field = self._fields[name]
        text = (text or "").strip()
        if field.type == "many2one" and text and not text.isdecimal():
            found = self.env[field.comodel_name].search([("display_name", "=", text)], limit=2)
            if len(found) != 1:
                raise UserError(
                    self.env._(
                        "%(field)s: “%(text)s” names no record or several. Choose it from the list.",
                        field=self._field_label(name),
                        text=text,
                    )
                )
            return str(found.id)
        if field.type == "selection":
            labels = {label: key for key, label in field._description_selection(self.env)}
            return labels.get(text, text)
        return text

    @api.model
    def _raw_text(self, name, raw):
        """Return what people read for the raw text of a change request."""
        field = self._fields[name]
        if not raw:
            return ""
        if field.type == "many2one":
            return self.env[field.comodel_name].sudo().browse(int(raw)).exists().display_name or raw
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(raw, raw)
        return raw
