from odoo import api, models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _routing_check_route(self, message, message_dict, route, raise_exception=True):
        route = super()._routing_check_route(message, message_dict, route, raise_exception=raise_exception)
        if route and route[0] == "aftersales.complaint":
            return self.env["aftersales.complaint"]._mail_route(message, message_dict, route)
        return route

    def _aftersales_tell(self, users, words):
        """Notify persons about the record, each in their own language.

        :param users: res.users; one message goes to all who read the same language
        :param words: function of the record in the reader's language, that returns (subject, body)
        """
        self.ensure_one()
        for lang, readers in users.sudo().grouped(lambda user: user.lang or self.env.lang).items():
            record = self.with_context(lang=lang)
            subject, body = words(record)
            record.message_notify(partner_ids=readers.partner_id.ids, subject=subject, body=body)
