from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain


class AftersalesDelegation(models.Model):
    """Somebody decides for an absent colleague, for dated days. The signature shows both: "for … by …"."""

    _name = "aftersales.delegation"
    _description = "Delegation of Decisions"
    _order = "date_from desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True)
    active = fields.Boolean(default=True)
    delegator_id = fields.Many2one(
        "res.users", string="Absent Person", required=True, index=True, default=lambda self: self.env.uid
    )
    delegate_id = fields.Many2one("res.users", string="Decides Meanwhile", required=True, index=True)
    date_from = fields.Date(string="From", required=True, default=fields.Date.context_today)
    date_to = fields.Date(string="Up to and Including", required=True)
    reason = fields.Char(required=True)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)

    _dates_ordered = models.Constraint(
        "CHECK(date_from <= date_to)", "The delegation ends before it begins. Correct the dates."
    )
    _not_to_oneself = models.Constraint("CHECK(delegator_id <> delegate_id)", "Choose another person as the delegate.")

    @api.depends("delegator_id", "delegate_id")
    def _compute_name(self):
        for delegation in self:
            delegation.name = f"{delegation.delegator_id.name or ''} → {delegation.delegate_id.name or ''}"

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        delegations = super().create(vals_list)
        delegations._check_own()
        return delegations

    def write(self, vals):
        self._check_own()
        result = super().write(vals)
        self._check_own()
        return result

    def unlink(self):
        self._check_own()
        return super().unlink()

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _check_own(self):
        """Nobody gives away the right of another: a delegation is made by the absent person or an administrator."""
        if self.env.su or self.env.user.has_group("aftersales_crm.group_aftersales_admin"):
            return
        if any(delegation.delegator_id != self.env.user for delegation in self.sudo()):
            raise AccessError(
                self.env._("You can delegate your own decisions only. Ask an administrator to delegate for others.")
            )

    @api.model
    def _delegators_of(self, user, company=None):
        """``{company id: users for whom `user` may decide today}``; today is the store's day."""
        result = {}
        for delegation in self.sudo().search(Domain("delegate_id", "=", user.id)):
            store = delegation.company_id
            if (not company or company == store) and (
                delegation.date_from <= store._aftersales_today() <= delegation.date_to
            ):
                result.setdefault(store.id, self.env["res.users"])
                result[store.id] |= delegation.delegator_id
        return result
