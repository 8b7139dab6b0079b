from odoo import api, fields, models
from odoo.tools import SQL

READERS = "aftersales_crm.group_aftersales_manager,aftersales_crm.group_aftersales_gm"


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
        may_be_asked = self.env.user.has_group("aftersales_crm.group_aftersales_manager")
        for callback in self:
            callback.is_blind = may_be_asked and callback.sudo().is_recheck_open

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
