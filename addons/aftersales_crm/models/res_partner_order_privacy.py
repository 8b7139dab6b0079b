from odoo import api, fields, models
from odoo.fields import Domain


class ResPartner(models.Model):
    """What visits and imported files keep of a person: told, kept by duty, taken off at the end."""

    _inherit = "res.partner"

    def _aftersales_last_record_dates(self):
        orders = self.env["aftersales.repair.order"].sudo().search([("partner_id", "=", self.id)])
        return [
            *super()._aftersales_last_record_dates(),
            *(fields.Datetime.to_datetime(order.date_out or order.date_in).date() for order in orders),
        ]

    def _aftersales_personal_data(self, company):
        orders = self.env["aftersales.repair.order"].search(
            [("partner_id", "=", self.id), ("company_id", "=", company.id)]
        )
        names = (
            *("name", "vehicle_id", "date_in", "date_out", "odometer", "customer_words", "work_summary"),
            *("declined_advice", "amount_total", "callback_consent", "callback_time", "callback_phone"),
        )
        rows = self.env["aftersales.import.line"].search(
            Domain("company_id", "=", company.id)
            & (Domain("partner_id", "=", self.id) | Domain("brought_by_id", "=", self.id))
        )
        return super()._aftersales_personal_data(company) | {
            "visits": self._aftersales_rows(orders, names),
            "imported_rows": self._aftersales_imported_rows(rows),
        }

    @api.model
    def _aftersales_imported_rows(self, lines):
        """The rows as they were read: to the person themselves no number is masked."""
        label = lines._fields["detail_text"].get_description(self.env, ["string"])["string"]
        return [
            {
                **self._aftersales_rows(line, ("import_id", "row_number"))[0],
                label: "\n".join(
                    f"{header}: {text}" for header, text in zip(line.import_id.headers or [], line.raw or []) if text
                ),
            }
            for line in lines
        ]

    def _aftersales_section_names(self):
        return super()._aftersales_section_names() | {
            "visits": self.env._("Your Visits"),
            "imported_rows": self.env._("Rows from Other Systems"),
        }

    def _aftersales_erase(self):
        # The visit stays as a record of the car: what was done, by whom, for how much
        orders = self.env["aftersales.repair.order"].search([("partner_id", "in", self.ids)])
        self._aftersales_blank(orders, "customer_words", "callback_phone", "declined_advice")
        self._aftersales_forget_messages(orders)
        self._aftersales_erase_imports()
        return super()._aftersales_erase()

    def _aftersales_erase_imports(self):
        """Rows and files that brought the persons: the counts, numbers and marks of the import stay as its proof."""
        rows = self.env["aftersales.import.line"].search(
            Domain("partner_id", "in", self.ids) | Domain("brought_by_id", "in", self.ids)
        )
        rows.write({"raw": False, "changes": False, "customer_name": False, "reason": False, "note": False})
        # One person cannot be taken out of a file that is evidence as a whole
        imports = rows.import_id.filtered(lambda record: record.state in ("applied", "undone", "cancelled"))
        self._aftersales_blank(imports, "file", "table_file", "refused_file")
        self._aftersales_blank(rows.import_id.mapping_id.column_ids, "sample")
        self._aftersales_forget_messages(imports)
        self.env["aftersales.import.doubt"].search(
            Domain("partner_id", "in", self.ids) | Domain("chosen_id", "in", self.ids)
        )._unlink_protected()
