from odoo import fields, models
from odoo.exceptions import AccessError, UserError


class AftersalesComplaintExceptionMixin(models.AbstractModel):
    """The exception of a small store: an advisor or technician of the order may make the second callback.

    Allowed by the service manager or the general manager, with a stated reason, if the store allows exceptions at all;
    never by one of those whom it would serve. That the handler does not make the second callback has no exception.
    """

    _name = "aftersales.complaint.exception.mixin"
    _description = "Complaint: Exception for the Second Callback"
    _inherit = ["aftersales.protected.mixin"]
    _protected_fields = frozenset({"second_exception", "second_exception_by_id"})

    second_exception = fields.Char("Exception Granted Because", copy=False, tracking=True)
    second_exception_by_id = fields.Many2one("res.users", "Exception Granted By", copy=False)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_allow_second_caller(self, reason):
        """Let the advisor or a technician of the order make the second callback.

        :param str reason: why nobody else can
        """
        self.ensure_one()
        self.check_access("write")
        user, reason = self.env.user, (reason or "").strip()
        deciders = ("aftersales_crm.group_aftersales_manager", "aftersales_crm.group_aftersales_gm")
        if not any(user.has_group(group) for group in deciders):
            raise AccessError(self.env._("Only the service manager or the general manager allows an exception."))
        if not reason:
            raise UserError(self.env._("State the reason for the exception."))
        if not self.company_id.aftersales_allow_exceptions:
            raise UserError(
                self.env._(
                    "%(store)s does not allow exceptions to the independence rules. "
                    "The administrator can allow them in the settings.",
                    store=self.company_id.display_name,
                )
            )
        if self.state != "carried_out":
            raise UserError(self.env._("The exception is for a second callback that is to be made now."))
        if user in self._get_order_staff() | self._get_persons_concerned():
            raise UserError(self.env._("You worked on this order yourself: somebody else must decide."))
        self._write_protected({"second_exception": reason, "second_exception_by_id": user.id})
        return True

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_order_staff(self):
        """Who worked on the order."""
        self.ensure_one()
        order_sudo = self.repair_order_id.sudo()
        return order_sudo.advisor_id | order_sudo.technician_ids

    def _second_caller_reasons(self, user):
        """Return the sentences that speak against `user` as the caller of the second callback."""
        self.ensure_one()
        if user == self.handler_id:
            return [self.env._("The second callback is made by another person than the handler.")]
        if user in self._get_order_staff() and not self.second_exception:
            return [self.env._("The caller cannot be the advisor or a technician of the repair order.")]
        return []
