import re

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

READERS = "aftersales_crm.group_aftersales_manager,aftersales_crm.group_aftersales_gm"
# What the customer said, where the callback itself repeats it; the answers have a record rule of their own
SAID = frozenset({"satisfaction", "has_problem", "suggestion", "praise", "remark"})
_OPEN_TO_ALL = Domain("is_recheck_open", "!=", True)


class AftersalesCallback(models.Model):
    """What the re-check and the flags keep with a callback; consultants do not see it."""

    _inherit = "aftersales.callback"
    _protected_fields = frozenset({"is_truth_checked", "is_recheck_open"})

    is_truth_checked = fields.Boolean("Looked at for a Re-check", copy=False, groups=READERS)
    is_recheck_open = fields.Boolean("Re-check Open", copy=False, groups=READERS)
    is_blind = fields.Boolean(
        compute="_compute_is_blind",
        help="What the customer answered is not shown to whoever may be asked to re-check it.",
    )
    flag_ids = fields.One2many("aftersales.callback.flag", "callback_id", "Flags", readonly=True, groups=READERS)

    _truth_idx = models.Index("(company_id) WHERE date_done IS NOT NULL AND is_truth_checked IS NOT TRUE")

    @api.depends("is_recheck_open")
    @api.depends_context("uid")
    def _compute_is_blind(self):
        may_be_asked = self._may_be_asked()
        for callback in self:
            callback.is_blind = may_be_asked and callback.sudo().is_recheck_open

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.readonly
    def read(self, fields=None, load="_classic_read"):
        return self._leave_out_said(super().read(fields, load))

    def _read_format(self, fnames, load="_classic_read"):
        return self._leave_out_said(super()._read_format(fnames, load))

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        if self._may_be_asked() and self._speaks_of_said(Domain(domain), order):
            domain = Domain(domain) & _OPEN_TO_ALL
        return super()._search(domain, offset, limit, order, **kwargs)

    @api.model
    def _read_group(self, domain, groupby=(), aggregates=(), *args, **kwargs):
        if self._may_be_asked() and self._names_said([*groupby, *aggregates]):
            domain = Domain(domain) & _OPEN_TO_ALL
        return super()._read_group(domain, groupby, aggregates, *args, **kwargs)

    def _export_rows(self, fields, *args, **kwargs):
        if self._may_be_asked() and self._names_said([path[0] for path in fields if path]):
            return super(AftersalesCallback, self.filtered(lambda c: not c.is_blind))._export_rows(
                fields, *args, **kwargs
            )
        return super()._export_rows(fields, *args, **kwargs)

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _may_be_asked(self):
        """Whether the current user may be the one who asks again, and therefore must not know the first answers."""
        return not self.env.su and self.env.user.has_group("aftersales_crm.group_aftersales_manager")

    def _leave_out_said(self, rows):
        """Take what the customer said off the rows whose re-check is open."""
        if not rows or SAID.isdisjoint(rows[0]) or not self._may_be_asked():
            return rows
        blind = set(self.sudo().filtered("is_recheck_open").ids)
        for row in rows:
            if row.get("id") in blind:
                row.update(dict.fromkeys(SAID.intersection(row), False))
        return rows

    @api.model
    def _speaks_of_said(self, domain, order):
        expressions = [condition.field_expr for condition in domain.iter_conditions()]
        return self._names_said([*expressions, *(term.strip() for term in (order or "").split(","))])

    @api.model
    def _names_said(self, specs):
        return not SAID.isdisjoint(re.split(r"[.: ]", spec, maxsplit=1)[0] for spec in specs if spec)

    def _callers(self):
        """Return {caller: [callbacks]}: whoever spoke last with the customer."""
        callers = {}
        if not self:
            return callers
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT ON (callback_id) callback_id, user_id
                     FROM aftersales_callback_attempt
                    WHERE callback_id = ANY(%s) AND is_reached
                    ORDER BY callback_id, date_attempt DESC, id DESC""",
                self.ids,
            )
        )
        for callback, user in rows:
            callers.setdefault(self.env["res.users"].browse(user), []).append(self.browse(callback))
        return callers
