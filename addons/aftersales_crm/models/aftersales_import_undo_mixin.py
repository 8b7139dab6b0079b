from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, split_every

from ..importer.ledger import BRAND, MODEL, ORDER, PARTNER, SOURCE_DATE, VEHICLE, Ledger
from .aftersales_import_batch_mixin import ImportBusy

# Parts of a document, which come and go with it
_PARTS = {
    ORDER: {"aftersales.repair.order.line", "aftersales.import.line"},
    VEHICLE: {
        *("aftersales.vehicle.ownership", "aftersales.vehicle.document", "aftersales.vehicle.odometer"),
        *("aftersales.import.line", "mail.followers"),
    },
    PARTNER: {"aftersales.vehicle.ownership", "aftersales.import.line", "aftersales.import.doubt", "mail.followers"},
    MODEL: {"aftersales.import.line"},
    BRAND: {"aftersales.import.line"},
}
# (model, field of the line, letter of what a row made); in the order of the taking back
_MADE = (
    (ORDER, "order_id", "O"),
    (VEHICLE, "vehicle_id", "V"),
    (PARTNER, "partner_id", "P"),
    (PARTNER, "brought_by_id", "B"),
)
_BATCH = 1000


class AftersalesImportUndoMixin(models.AbstractModel):
    """Taking an import back, as long as nothing else was built on what it wrote.

    Everything or nothing: what it made is deleted, what it changed gets its former value. It is refused, with the documents
    that stand in the way, when somebody has corrected, called, complained or imported on top of it. A refusal of callbacks
    that the import brought stays: consent is never widened.
    """

    _name = "aftersales.import.undo.mixin"
    _description = "DMS Import: Taking Back"
    _inherit = ["aftersales.protected.mixin"]
    _protected_fields = frozenset({"undone_by_id", "date_undone"})

    undone_by_id = fields.Many2one("res.users", "Undone by", readonly=True, copy=False)
    date_undone = fields.Datetime("Undone on", readonly=True, copy=False)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_undo(self):
        """Take back everything that the import wrote."""
        self._check_right()
        for record in self:
            record._check_state("applied", "stopped")
            record._take_slot_or_refuse()
            record._do_undo()
        return True

    def _take_slot_or_refuse(self):
        try:
            self._take_slot()
        except ImportBusy as error:
            raise UserError(
                self.env._("Another import of %(store)s is running. Wait for its end.", store=self.company_id.name)
            ) from error

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _do_undo(self):
        env = self.env(context=Ledger.context(self), su=True)
        made = {model: self._get_made(env, model) for model in (ORDER, VEHICLE, PARTNER)}
        reasons = self._get_undo_obstacles(made)
        changes = self._get_changes(env)
        # The last value that the import gave to a field is the one that must still stand
        last = {}
        for change in changes:
            last.setdefault((change["model"], change["id"], change["field"]), change)
        reasons += [reason for change in last.values() if (reason := self._get_change_obstacle(env, change))][:5]
        if reasons:
            raise UserError(
                self.env._(
                    "%(name)s cannot be undone any more: something else was built on it.\n%(reasons)s",
                    name=self.name,
                    reasons="\n".join(f"– {reason}" for reason in reasons[:10]),
                )
            )
        vehicles = made[ORDER].vehicle_id - made[VEHICLE]
        self._take_back_readings(env, made[ORDER], vehicles)
        # Lines first: their amounts make a total, which is then put back as it was
        for change in sorted(changes, key=lambda change: change["field"] != "line_ids"):
            self._take_back(env, change)
        self.env["aftersales.import.doubt"].sudo().search([("import_id", "=", self.id)]).unlink()
        made_catalogue = self._get_made_catalogue(env)
        for model in (ORDER, VEHICLE, PARTNER):
            for ids in split_every(_BATCH, made[model].ids):
                env[model].browse(ids)._unlink_protected()
        for model in (MODEL, BRAND):
            records = made_catalogue[model].exists()
            for record in records:
                if not self._find_built_on(record, set()):
                    record.unlink()
        vehicles.exists()._update_last_service_date()
        self._write_protected(
            {"state": "undone", "undone_by_id": self.env.uid, "date_undone": fields.Datetime.now(), "job": False}
        )
        self.env.flush_all()

    def _get_made(self, env, model):
        """Return the records of a model that the rows made and that are still there."""
        records = env[model].browse()
        for of_model, name, letter in _MADE:
            if of_model == model:
                rows = self.env.execute_query(
                    SQL(
                        "SELECT DISTINCT %(name)s FROM aftersales_import_line WHERE import_id = %(id)s"
                        " AND strpos(marks, %(letter)s) > 0 AND %(name)s IS NOT NULL ORDER BY 1",
                        name=SQL.identifier(name),
                        id=self.id,
                        letter=letter,
                    )
                )
                records |= env[model].browse([row[0] for row in rows])
        return records

    def _get_made_catalogue(self, env):
        rows = self.env.execute_query(
            SQL(
                "SELECT item->>0, (item->>1)::int FROM aftersales_import_line,"
                " jsonb_array_elements(changes->'made') item WHERE import_id = %s AND changes ? 'made'",
                self.id,
            )
        )
        return {model: env[model].browse([id_ for name, id_ in rows if name == model]) for model in (MODEL, BRAND)}

    def _get_changes(self, env):
        """Return what the rows changed on records that were there before, the last row first."""
        rows = self.env.execute_query(
            SQL(
                "SELECT item FROM aftersales_import_line,"
                " jsonb_array_elements(changes->'set') WITH ORDINALITY AS list(item, place)"
                " WHERE import_id = %s AND changes ? 'set' ORDER BY row_number DESC, place DESC",
                self.id,
            )
        )
        made = {model: set(self._get_made(env, model).ids) for model in (ORDER, VEHICLE, PARTNER)}
        return [item for (item,) in rows if item["id"] not in made.get(item["model"], ())]

    # ------------------------------------------------------------
    # OBSTACLES
    # ------------------------------------------------------------

    def _get_undo_obstacles(self, made):
        """Return in sentences what stands on the records that the rows made."""
        reasons = []
        for model, records in made.items():
            if not records:
                continue
            name = SOURCE_DATE[model]
            corrected = records.filtered(
                lambda r, name=name: r[name] and self.date_source and r[name] > self.date_source
            )
            reasons += [
                self.env._("%(record)s was corrected or imported again since.", record=record.display_name)
                for record in corrected[:3]
            ]
            if model == VEHICLE:
                reasons += [
                    self.env._("%(record)s is no draft any more.", record=record.display_name)
                    for record in records.filtered(lambda vehicle: vehicle.state != "draft")[:3]
                ]
            inside = {other._name: other for other in made.values()}
            reasons += [
                self.env._("%(what)s: documents stand on what the import wrote.", what=what)
                for what in self._find_built_on(records, set(), inside)
            ]
        reasons += self._get_later_imports()
        return reasons

    def _get_later_imports(self):
        """Return the imports that changed what this one touched, later."""
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT later.import_id FROM aftersales_import_line mine JOIN aftersales_import_line later"
                " ON later.import_id > mine.import_id AND later.marks IS NOT NULL"
                " AND (later.order_id = mine.order_id OR later.vehicle_id = mine.vehicle_id"
                " AND strpos(lower(later.marks), 'v') > 0 OR later.partner_id = mine.partner_id"
                " AND strpos(lower(later.marks), 'p') > 0)"
                " WHERE mine.import_id = %s AND mine.marks IS NOT NULL LIMIT 5",
                self.id,
            )
        )
        later = self.env["aftersales.import"].sudo().browse([row[0] for row in rows])
        return [
            self.env._("%(name)s has written on top of it: undo that one first.", name=other.name)
            for other in later.filtered(lambda other: other.state in ("applied", "stopped", "working"))
        ]

    @api.model
    def _find_built_on(self, records, ignored, inside=None):
        """Return the names of the kinds of documents that refer to the records, besides their own parts.

        Found by the ORM's own list of fields, so that a floor or an app that comes later counts as well.

        :param ignored: names of models that do not count
        :param inside: {model: records that go as well}
        """
        ignored = ignored | _PARTS.get(records._name, set())
        found = []
        for model in self.env.values():
            if model._abstract or model._transient or not model._auto or model._name in ignored:
                continue
            for field in model._fields.values():
                if (
                    not field.store
                    or field.type not in ("many2one", "many2many")
                    or field.comodel_name != records._name
                ):
                    continue
                if field.related or (
                    field.type == "many2one" and field.compute and field.name == "commercial_partner_id"
                ):
                    continue
                others = (inside or {}).get(model._name, model.browse())
                domain = Domain(field.name, "in", records.ids) & Domain("id", "not in", others.ids)
                if model._name == records._name:
                    domain &= Domain("id", "not in", records.ids)
                if model.sudo().with_context(active_test=False).search_count(domain, limit=1):
                    found.append(self.env["ir.model"]._get(model._name).name)
                    break
        if self._has_talk(records):
            found.append(self.env._("Messages or activities"))
        return found

    @api.model
    def _has_talk(self, records):
        if "message_ids" not in records._fields:
            return False
        talk = Domain("model", "=", records._name) & Domain("res_id", "in", records.ids)
        if self.env["mail.message"].sudo().search_count(talk & Domain("message_type", "=", "comment"), limit=1):
            return True
        plans = Domain("res_model", "=", records._name) & Domain("res_id", "in", records.ids)
        return bool(self.env["mail.activity"].sudo().search_count(plans, limit=1))

    def _get_change_obstacle(self, env, change):
        """Return in a sentence why a changed value cannot be taken back; None when it can."""
        record = env[change["model"]].browse(change["id"]).exists()
        if not record:
            return self.env._("A record that the import changed is not there any more.")
        if change["field"] == "line_ids":
            return None
        value = record[change["field"]]
        now = Ledger.raw(value)
        if "now" in change and now != change["now"] and (now or change["now"]):
            return self.env._(
                "%(field)s of %(record)s was changed since.",
                field=record._fields[change["field"]].get_description(self.env, ["string"])["string"],
                record=record.display_name,
            )
        return None

    # ------------------------------------------------------------
    # TAKING BACK
    # ------------------------------------------------------------

    def _take_back(self, env, change):
        record = env[change["model"]].browse(change["id"])
        name, was = change["field"], change["was"]
        if name == "line_ids":
            self._take_back_line(record, was)
            return
        if name == "callback_consent":
            return  # a refusal that was heard is not unheard
        field = record._fields[name]
        if field.type == "many2one":
            was = was[0] if was else False
        elif field.type == "many2many":
            was = [Command.set(was or [])]
        elif field.type == "datetime" and was:
            was = datetime.fromisoformat(was)
        record.write({name: was})

    def _take_back_line(self, order, was):
        if "line" in was:
            line = order.line_ids.filtered(lambda line: line.id == was["line"])
            line.write({"name": was["name"], "price_unit": was["price"], "quantity": was["quantity"]})
        else:
            order.line_ids.filtered(lambda line: line.line_type == was["type"])[-1:].unlink()

    def _take_back_readings(self, env, orders, vehicles):
        """Take the readings of the orders off the files that stay, unless another order has told the same."""
        told = {
            (order.vehicle_id, order.company_id._aftersales_local(order.date_in).date(), order.odometer)
            for order in orders
            if order.odometer and order.vehicle_id in vehicles
        }
        if not told:
            return
        others = env[ORDER].search([("vehicle_id", "in", vehicles.ids), ("id", "not in", orders.ids)])
        told -= {
            (order.vehicle_id, order.company_id._aftersales_local(order.date_in).date(), order.odometer)
            for order in others
        }
        readings = env["aftersales.vehicle.odometer"].search(
            [("vehicle_id", "in", vehicles.ids), ("source", "=", "order")]
        )
        readings.filtered(lambda r: (r.vehicle_id, r.date, r.value) in told).unlink()
