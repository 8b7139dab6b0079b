from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.export_mark import SIGN, is_export_mark


class Base(models.AbstractModel):
    """Exports of personal data: by right, written down, limited and marked with name and time."""

    _inherit = "base"

    def export_data(self, fields_to_export):
        if self.env.su or not self._aftersales_is_guarded(fields_to_export):
            return super().export_data(fields_to_export)
        if not self.env.user.has_group("aftersales_crm.group_aftersales_export"):
            raise AccessError(
                self.env._("Customer data may be exported by whoever has the right “Export of Personal Data” only.")
            )
        company = self.env.company
        records = self._aftersales_without_stored_only()
        limit = company.sudo().aftersales_export_limit
        if len(records) > limit:
            raise UserError(
                self.env._(
                    "%(count)s rows are more than an export may have (%(limit)s). Narrow the list first.",
                    count=len(records),
                    limit=limit,
                )
            )
        result = super(Base, records).export_data(fields_to_export)
        self.env["aftersales.export.log"].sudo()._create_protected(
            [
                {
                    "user_id": self.env.uid,
                    "res_model": self._name,
                    "field_names": ", ".join(fields_to_export),
                    "row_count": len(records),
                    "company_id": company.id,
                }
            ]
        )
        if result["datas"]:
            result["datas"].append(self._aftersales_watermark(fields_to_export))
        return result

    def _aftersales_is_guarded(self, paths):
        """Whether an export of the paths (`partner_id/name`) by the current user takes out what a store keeps of people."""
        staff = self.env.user.has_groups("aftersales_crm.group_aftersales_user,aftersales_crm.group_aftersales_officer")
        models_on_the_way = {self._name}
        for path in paths:
            model = self
            for name in path.replace(".", "/").split("/"):
                field = model._fields.get(name)
                if field is None or not field.comodel_name:
                    break
                model = self.env[field.comodel_name]
                models_on_the_way.add(model._name)
        return any(name.startswith("aftersales.") for name in models_on_the_way) or (
            staff and bool(models_on_the_way & {"res.partner", "res.users", "mail.message"})
        )

    def _aftersales_without_stored_only(self):
        """Return the records without those of persons whose data are kept by duty alone, parts of documents included."""
        if self._name != "res.partner" and not self._name.startswith("aftersales."):
            return self
        chains = self._aftersales_person_chains()
        return self - self.sudo().filtered(
            lambda record: any(record.mapped(chain + "aftersales_stored_only").count(True) for chain in chains)
        ).with_env(self.env)

    @api.model
    def _aftersales_person_chains(self, depth=2):
        """The ways of stored many2one fields from a record to the persons whom it is about, as prefixes of paths."""
        if self._name == "res.partner":
            return [""]
        chains = []
        for name, field in self._fields.items():
            if field.type != "many2one" or not field.store:
                continue
            if field.comodel_name == "res.partner":
                chains.append(f"{name}.")
            elif depth and field.comodel_name.startswith("aftersales.") and field.comodel_name != self._name:
                chains += [
                    f"{name}.{rest}" for rest in self.env[field.comodel_name]._aftersales_person_chains(depth - 1)
                ]
        return chains

    def _aftersales_watermark(self, paths):
        """The last row of the file: who took it and when, in the store's time."""
        now = self.env.company._aftersales_local(fields.Datetime.now())
        text = self.env._(
            "Exported by %(user)s on %(time)s. Confidential customer data of %(company)s.",
            user=self.env.user.name,
            time=now.strftime("%Y-%m-%d %H:%M:%S"),
            company=self.env.company.name,
        )
        row = [""] * len(paths)
        # A grouped export asks for the id first and reads it as a number
        row[1 if paths[0] == ".id" and len(paths) > 1 else 0] = f"{SIGN} {text}"
        return row

    @api.model
    def load(self, fields, data):
        """An exported file that comes back: the mark at its end is no record."""
        rows = [row for row in data if not is_export_mark(row)]
        return super().load(fields, rows if len(rows) < len(data) else data)
