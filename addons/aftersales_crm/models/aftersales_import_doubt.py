from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.masking import mask_phone


class AftersalesImportDoubt(models.Model):
    """A person of whom a file leaves in doubt who he is: somebody decides, once for all the files to come.

    Until then the row has a card of its own, so that nobody reads another person's history. The answer is kept under the
    phone and the name: the next file that names them finds the person who was chosen.
    """

    _name = "aftersales.import.doubt"
    _description = "Customer to Decide"
    _inherit = ["aftersales.protected.mixin"]
    _order = "state desc, id desc"
    _check_company_auto = True
    _protected_fields = frozenset(
        {"import_id", "row_number", "name", "phone", "partner_id", "candidate_ids", "state", "chosen_id", "user_id"}
    )

    import_id = fields.Many2one("aftersales.import", index="btree_not_null", readonly=True, ondelete="set null")
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    row_number = fields.Integer("Row", readonly=True, aggregator=None)
    name = fields.Char("Name in the File", required=True, readonly=True)
    phone = fields.Char("Full Phone", required=True, readonly=True, groups="base.group_system")
    phone_masked = fields.Char("Phone", compute="_compute_phone_masked", compute_sudo=True)
    partner_id = fields.Many2one(
        "res.partner", "Card of the Row", index="btree_not_null", readonly=True, ondelete="set null", check_company=True
    )
    candidate_ids = fields.Many2many("res.partner", string="Known Persons", readonly=True)
    state = fields.Selection(
        [("open", "To Decide"), ("same", "Same Person"), ("other", "Another Person")],
        default="open",
        required=True,
        readonly=True,
        index=True,
    )
    chosen_id = fields.Many2one("res.partner", "Is", readonly=True, ondelete="set null", check_company=True)
    user_id = fields.Many2one("res.users", "Decided by", readonly=True)

    _phone_name_uniq = models.UniqueIndex("(company_id, phone, name)", "This person is asked about already.")

    @api.depends("phone")
    def _compute_phone_masked(self):
        for doubt in self:
            doubt.phone_masked = mask_phone(doubt.phone)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_same(self, partner_id=None):
        """The row means the person who is known; of several, the one that is named.

        :param partner_id: id of one of the known persons; needed when there are several
        """
        self._check_right()
        for doubt in self:
            doubt._check_open()
            candidates = doubt.sudo().candidate_ids - doubt.sudo().partner_id
            chosen = candidates.filtered(lambda partner, wanted=partner_id: not wanted or partner.id == wanted)
            if len(chosen) != 1:
                raise UserError(
                    self.env._("Several persons are known with this phone: open the list and choose one of them.")
                )
            doubt._do_join(chosen)
            doubt._write_protected({"state": "same", "chosen_id": chosen.id, "user_id": self.env.uid})
        return True

    def action_other(self):
        """The row means another person with the same number."""
        self._check_right()
        for doubt in self:
            doubt._check_open()
        self._write_protected({"state": "other", "user_id": self.env.uid})
        return True

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _check_right(self):
        self.check_access("write")
        self.env["aftersales.import"]._check_right()

    def _check_open(self):
        if self.state != "open":
            raise UserError(self.env._("It is decided already who %(name)s is.", name=self.name))

    def _do_join(self, chosen):
        """Hang what the import has written for the row's own card on the card of the person, and put the own one away.

        Nothing else may have been built on that card meanwhile; consent stays each card's own, so it is never widened.
        """
        card = self.sudo().partner_id
        if not card or card == chosen:
            return
        importing = dict(self.env.context, tracking_disable=True, aftersales_importing=True)
        vehicles = self.env["aftersales.vehicle"].sudo().with_context(**importing)
        orders = self.env["aftersales.repair.order"].sudo().with_context(**importing)
        owned = vehicles.search([("partner_id", "=", card.id)])
        locked = owned.filtered(lambda vehicle: vehicle.state != "draft")
        built = self.env["aftersales.import"]._find_built_on(card, {"aftersales.vehicle", "aftersales.repair.order"})
        if locked or built:
            raise UserError(
                self.env._(
                    "%(name)s has meanwhile more on the card than what the file brought (%(what)s). Merge the two cards "
                    "by hand, or correct the vehicle file with a change request.",
                    name=card.name,
                    what=", ".join(built) or locked[0].display_name,
                )
            )
        owned.write({"partner_id": chosen.id})
        vehicles.search([("brought_by_id", "=", card.id)]).write({"brought_by_id": chosen.id})
        orders.search([("partner_id", "=", card.id)]).write({"partner_id": chosen.id})
        card.action_archive()

    @api.model
    def _add(self, imp, doubts):
        """Put down who has to be told apart, each phone and name once.

        :param doubts: [(phone, name, row number, card of the row, known persons)]
        """
        known = {
            (doubt.phone, doubt.name): doubt
            for doubt in self.sudo().search(
                [("company_id", "=", imp.company_id.id), ("phone", "in", [doubt[0] for doubt in doubts])]
            )
        }
        new = []
        for phone, name, number, card, candidates in doubts:
            doubt = known.get((phone, name))
            if doubt:
                if card and not doubt.partner_id:
                    doubt._write_protected({"partner_id": card.id})
                continue
            new.append(
                {
                    "import_id": imp.id,
                    "company_id": imp.company_id.id,
                    "row_number": number,
                    "name": name,
                    "phone": phone,
                    "partner_id": card.id if card else False,
                    "candidate_ids": [(6, 0, [candidate.id for candidate in candidates])],
                }
            )
        self.sudo()._create_protected(new)

    @api.model
    def _take_known(self, imp, limit):
        """Return the doubts of a check that hold without what it wrote.

        :param limit: the highest id of a person before the check
        """
        doubts = self.sudo().search([("import_id", "=", imp.id), ("state", "=", "open")])
        kept = [
            (doubt.phone, doubt.name, doubt.row_number, None, doubt.candidate_ids.filtered(lambda p: p.id <= limit))
            for doubt in doubts
        ]
        return [(*head, candidates.browse(candidates.ids)) for *head, candidates in kept if candidates]
