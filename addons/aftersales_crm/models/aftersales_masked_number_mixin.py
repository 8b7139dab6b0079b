from odoo import api, models
from odoo.exceptions import UserError

# Who works for a store, or over several stores. Whoever is neither is none of our business: Odoo's own rights hold.
_STAFF = "aftersales_crm.group_aftersales_user,aftersales_crm.group_aftersales_officer"
_SEES_NUMBERS = "aftersales_crm.group_aftersales_numbers"


class AftersalesMaskedNumberMixin(models.AbstractModel):
    """Numbers that the staff of a store read masked only, whichever protocol asks.

    Reading gives the mask. What would tell the number all the same is refused: searching and comparing, sorting,
    grouping, exporting, and reading it by Python code that runs in the user's name. The superuser's environment is the
    server's own code. Writing stays free: who enters a number knows it.
    """

    _name = "aftersales.masked.number.mixin"
    _description = "Masked Numbers"

    @api.model
    def _masked_numbers(self):
        """Hook: {name of the field: function that masks its value}."""
        return {}

    @api.model
    def _hides_numbers(self):
        return not self.env.su and self.env.user.has_groups(_STAFF) and not self.env.user.has_group(_SEES_NUMBERS)

    def _split_masked(self, names):
        """Return the names that may be read as they are, and the masked ones."""
        masks = self._masked_numbers() if self._hides_numbers() else {}
        # Without Odoo's own right to the field there is no mask either: the plain way refuses it
        masked = [name for name in names if name in masks and self._has_plain_access(name)]
        return [name for name in names if name not in masked], masked

    def _has_plain_access(self, name):
        groups = self._fields[name].groups
        return not groups or self.env.user.has_groups(groups)

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def _has_field_access(self, field, operation):
        if not super()._has_field_access(field, operation):
            return False
        if operation != "read" or self.env.su or field.name not in self._masked_numbers():
            return True
        # What the user is entering just now is no secret to them
        return bool(self and not self._origin) or not self._hides_numbers()

    def _field_to_sql(self, alias, field_expr, query=None):
        """Refuse to sort, group and count by a masked number that comes from another document.

        Odoo follows a related field, such as the phone of a user, with the rights of the superuser.
        """
        name = field_expr.split(".")[0]
        if name in self._masked_numbers():
            self._check_field_access(self._fields[name], "read")
        return super()._field_to_sql(alias, field_expr, query)

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Describe masked numbers to screens, which show the mask, and to nothing else."""
        result = super().fields_get(allfields, attributes)
        if attributes is None or "type" in attributes:
            for name in self._split_masked(allfields or self._fields)[1]:
                description = self._fields[name].get_description(self.env, attributes=attributes)
                refused = ("searchable", "sortable", "groupable", "exportable")
                result[name] = {**description, **{key: False for key in refused if key in description}}
        return result

    @api.readonly
    def read(self, fields=None, load="_classic_read"):
        plain, masked = self._split_masked(fields or ())
        if not masked:
            return super().read(fields, load)
        rows = super().read(plain or ["id"], load)
        return self._add_masks(rows, masked)

    @api.model
    def search_fetch(self, domain, field_names=None, offset=0, limit=None, order=None):
        if field_names is not None:
            field_names = self._split_masked(field_names)[0]
        return super().search_fetch(domain, field_names, offset=offset, limit=limit, order=order)

    def _read_format(self, fnames, load="_classic_read"):
        plain, masked = self._split_masked(fnames)
        if not masked:
            return super()._read_format(fnames, load)
        return self._add_masks(super()._read_format(plain, load), masked)

    def onchange(self, values, field_names, fields_spec):
        """A form of Odoo's own that shows a masked number goes on working; the number takes no part in it."""
        if self:
            plain, masked = self._split_masked(fields_spec)
            if masked:
                field_names = [name for name in field_names if name not in masked]
                values = {name: value for name, value in values.items() if name not in masked}
                fields_spec = {name: fields_spec[name] for name in plain}
                if not field_names:
                    return {"value": {}}
        return super().onchange(values, field_names, fields_spec)

    def _add_masks(self, rows, names):
        masks = self._masked_numbers()
        # Sudoed: the number is read to be masked, nothing else leaves this method
        records_sudo = {record.id: record for record in self.sudo()}
        for row in rows:
            record_sudo = records_sudo.get(row.get("id"))
            for name in names if record_sudo else ():
                row[name] = masks[name](record_sudo[name]) or False
        return rows

    def _write_numbers(self, vals):
        """Write the masked numbers among the values and return the other values.

        Models call it first in `write`: Odoo compares old and new numbers on its way, in the user's name.
        """
        masked = self._split_masked(vals)[1]
        if not masked:
            return vals
        self.check_access("write")
        for name in masked:
            self._check_field_access(self._fields[name], "write")
            if "**" in (vals[name] or ""):
                raise UserError(
                    self.env._(
                        "%(field)s: enter the whole number. What was shown is the masked one.",
                        field=self._fields[name].get_description(self.env, ["string"])["string"],
                    )
                )
        self.sudo().write({name: vals[name] for name in masked})
        return {name: value for name, value in vals.items() if name not in masked}
