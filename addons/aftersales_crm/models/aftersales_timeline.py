from odoo import api, fields, models
from odoo.tools import SQL

from .aftersales_vehicle_ownership import FORMER_OWNER_GROUPS

# Rows of up to this many kinds share one space of ids: id of the document times this, plus the number of the kind
_KINDS_AT_MOST = 64


class AftersalesTimeline(models.Model):
    """Everything that ever happened to a car or a customer, in one stream: one row an event, nothing stored.

    A floor adds its events by extending `_timeline_sources`; what a row says comes from the document's own
    `_timeline_texts`. A row is there for whom may read its document. What belongs to a former owner stands on that
    person's page, not on the car's.
    """

    _name = "aftersales.timeline"
    _description = "Timeline"
    _auto = False
    _order = "date desc, id desc"

    date = fields.Datetime(readonly=True)
    kind = fields.Selection(
        [
            ("file_opened", "File opened"),
            ("file_filed", "Put on file"),
            ("change", "Data changed"),
            ("owner", "New owner"),
            ("document", "Document received"),
            ("insurance", "Insurance"),
            ("odometer", "Odometer read"),
            ("stocktake", "Stocktake"),
            ("consent", "Consent given"),
            ("consent_withdrawn", "Consent withdrawn"),
        ],
        "Event",
        readonly=True,
    )
    vehicle_id = fields.Many2one("aftersales.vehicle", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    user_id = fields.Many2one("res.users", "By", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    res_model = fields.Char("Document Model", readonly=True)
    res_id = fields.Many2oneReference("Document ID", model_field="res_model", readonly=True)
    summary = fields.Char("Details", compute="_compute_summary", compute_sudo=False)
    can_open = fields.Boolean(compute="_compute_can_open")

    # ------------------------------------------------------------
    # STREAM
    # ------------------------------------------------------------

    @property
    def _table_query(self):
        kinds = [kind for kind, _label in self._fields["kind"]._description_selection(self.env)]
        parts = []
        for source in self._timeline_sources():
            parts += self._timeline_selects(kinds.index(source["kind"]), **source)
        return SQL(" UNION ALL ").join(parts)

    @api.model
    def _timeline_sources(self):
        """Hook: where events come from, a list of keyword arguments for `_timeline_selects`."""
        document = {"model": "aftersales.vehicle", "vehicle": "id"}
        by_vehicle = {"partner": None}
        return [
            {**document, **by_vehicle, "kind": "file_opened", "date": "create_date", "user": "create_uid"},
            {**document, **by_vehicle, "kind": "file_filed", "date": "date_filed", "user": "filed_by_id"},
            {"kind": "change", "model": "aftersales.change.request", **by_vehicle, "date": "date_applied"},
            # Who owned the car before is the reviewers' to know; since when the present owner has it, everybody's
            {"kind": "owner", "model": "aftersales.vehicle.ownership", "date": "date_from", "user": None},
            {"kind": "document", "model": "aftersales.vehicle.document", **by_vehicle, "date": "date_received"},
            {
                "kind": "insurance",
                "model": "aftersales.vehicle.insurance",
                **by_vehicle,
                "date": "date_start",
                "user": "create_uid",
            },
            {
                "kind": "odometer",
                "model": "aftersales.vehicle.odometer",
                **by_vehicle,
                "date": "date",
                "where": SQL("source <> 'order'"),
            },
            {"kind": "stocktake", "model": "aftersales.stocktake.line", **by_vehicle, "date": "date_checked"},
            {"kind": "consent", "model": "aftersales.consent", "vehicle": None, "date": "date_given"},
            {
                "kind": "consent_withdrawn",
                "model": "aftersales.consent",
                "vehicle": None,
                "date": "date_withdrawn",
                "user": "withdrawn_by_id",
            },
        ]

    @api.model
    def _timeline_selects(
        self,
        number,
        kind,
        model,
        date,
        vehicle="vehicle_id",
        partner="partner_id",
        user="user_id",
        where=None,
        personal=False,
        public=False,
        since=None,
    ):
        """Return the selects of one source, none when the user may not read its documents.

        :param date, vehicle, partner, user: names of stored columns, or None
        :param since: column of the moment that says in whose time a personal row belongs, `date` when none is given
        :param where: further condition on the table (`SQL`)
        :param personal: whether a former owner's rows leave the car's stream; they stay on the person's page
        :param public: whether everybody who reads the file reads the row, without the document's own rules and without
            the person
        """
        documents = self.env[model].with_context(active_test=False)
        if not public and not documents.has_access("read"):
            return []
        table = SQL.identifier(documents._table)
        for name in (date, vehicle, partner, user, since, "company_id"):
            if name and name != "id":
                documents.flush_model([name])
        column = {name: SQL("%s.%s", table, SQL.identifier(name)) for name in (date, vehicle, partner, user) if name}
        conditions = [SQL("%s IS NOT NULL", column[date])]
        if where is not None:
            conditions.append(where)
        if not public and not self.env.su:
            allowed = documents._search([], order="id")
            if not allowed.where_clause.code:
                allowed = None
            if allowed is not None:
                conditions.append(SQL("%s.id IN %s", table, allowed.subselect()))
        select = {
            "vehicle": column[vehicle] if vehicle else SQL("NULL::integer"),
            "partner": column[partner] if partner and not public else SQL("NULL::integer"),
        }
        if not personal or self.env.su or self.env.user.has_groups(FORMER_OWNER_GROUPS):
            return [self._timeline_select(number, kind, documents, column, date, user, select, conditions)]
        former = self._timeline_is_former(
            column[vehicle], column[partner], SQL("%s.%s", table, SQL.identifier(since or date))
        )
        own = {**select, "vehicle": SQL("NULL::integer")}
        return [
            self._timeline_select(
                number, kind, documents, column, date, user, select, [*conditions, SQL("NOT %s", former)]
            ),
            self._timeline_select(number, kind, documents, column, date, user, own, [*conditions, former]),
        ]

    @api.model
    def _timeline_is_former(self, vehicle, partner, date):
        """The condition that a personal row of this moment belongs to a former owner's time, the people of that time included."""
        return SQL(
            "(EXISTS (SELECT 1 FROM aftersales_vehicle_ownership AS chapter WHERE chapter.vehicle_id = %(vehicle)s"
            " AND chapter.date_to >= %(date)s::date)"
            " AND NOT EXISTS (SELECT 1 FROM aftersales_vehicle_ownership AS present WHERE present.vehicle_id = %(vehicle)s"
            " AND present.date_to IS NULL AND present.partner_id = %(partner)s))",
            vehicle=vehicle,
            partner=partner,
            date=date,
        )

    @api.model
    def _timeline_select(self, number, kind, documents, column, date, user, select, conditions):
        table = SQL.identifier(documents._table)
        return SQL(
            "SELECT %(table)s.id::bigint * %(most)s + %(number)s AS id, %(date)s::timestamp AS date, %(kind)s AS kind,"
            " %(vehicle)s AS vehicle_id, %(partner)s AS partner_id, %(user)s AS user_id,"
            " %(table)s.company_id AS company_id, %(model)s AS res_model, %(table)s.id AS res_id"
            " FROM %(table)s WHERE %(conditions)s",
            table=table,
            most=_KINDS_AT_MOST,
            number=number,
            date=column[date],
            kind=kind,
            vehicle=select["vehicle"],
            partner=select["partner"],
            user=column[user] if user else SQL("NULL::integer"),
            model=documents._name,
            conditions=SQL(" AND ").join(conditions),
        )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("summary")
    def _compute_display_name(self):
        for row in self:
            row.display_name = row.summary or row._fields["kind"].convert_to_export(row.kind, row)

    @api.model
    def _search_display_name(self, operator, value):
        # What a row says is in the documents: they are found in their own lists
        return [("kind", operator, value)]

    @api.depends("res_model", "res_id", "kind")
    @api.depends_context("lang")
    def _compute_summary(self):
        for (model, kind), rows in self.grouped(lambda row: (row.res_model, row.kind)).items():
            # Sudoed: the row itself is the proof that its reader may know; the text is made for all readers
            texts = self.env[model].sudo().browse(rows.mapped("res_id"))._timeline_texts(kind)
            for row in rows:
                row.summary = texts.get(row.res_id) or False

    @api.depends("res_model", "res_id")
    @api.depends_context("uid")
    def _compute_can_open(self):
        for model, rows in self.grouped("res_model").items():
            records = self.env[model].browse(rows.mapped("res_id"))
            readable = set(records._filtered_access("read").ids) if records.has_access("read") or records else set()
            for row in rows:
                row.can_open = row.res_id in readable

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open_document(self):
        """Open the document of the event; its own rights hold."""
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)._get_records_action()
