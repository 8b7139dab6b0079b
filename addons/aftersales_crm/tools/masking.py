"""Masking of personal numbers: enough to recognise, not enough to use. Pure functions, no Odoo."""


def mask_phone(number):
    """Keep the first three and the last four digits of a long number, the last two of a short one."""
    digits = "".join(char for char in number or "" if char.isdigit())
    if not digits:
        return ""
    if len(digits) > 11:
        # With the country code: the digits of the subscriber are the last eleven
        digits = digits[-11:]
    if len(digits) >= 10:
        return f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:]}"
    return f"{'*' * max(len(digits) - 2, 1)}{digits[-2:]}"


def mask_identity(number):
    """Keep the first three and the last two characters of an identity or company number."""
    number = (number or "").strip()
    if len(number) < 8:
        return "*" * len(number)
    return f"{number[:3]}{'*' * (len(number) - 5)}{number[-2:]}"


def mask_email(address):
    """Keep the first letter and the domain of an e-mail address."""
    local, at, domain = (address or "").strip().partition("@")
    return f"{local[:1]}***@{domain}" if at else ""
