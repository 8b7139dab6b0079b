"""One field of a record in canonical form, for fingerprints and for comparisons that people read."""

import unicodedata


def canonical(record, name):
    """One field in canonical form: `value` for the fingerprint, `text` for people.

    Text is Unicode NFC with ``\\n`` line ends, so that the same words typed on another system are the same; numbers are
    rounded to the digits of their field; relations are ids.
    """
    field = record._fields[name]
    label = field.get_description(record.env, ["string"])["string"]
    value = record[name]
    if field.type in ("many2one", "reference", "many2one_reference"):
        return {
            "label": label,
            "value": value.id if field.type == "many2one" else str(value or ""),
            "text": value.display_name or "" if field.type == "many2one" else str(value or ""),
        }
    if field.type in ("many2many", "one2many"):
        value = value.sorted("id")
        return {"label": label, "value": value.ids, "text": ", ".join(value.mapped("display_name"))}
    if field.type in ("float", "monetary"):
        digits = field.get_digits(record.env) if field.type == "float" else None
        bound = f"{value or 0.0:.{(digits or (16, 6))[1]}f}"
        return {"label": label, "value": bound, "text": _money(record, field) or bound}
    if field.type in ("date", "datetime"):
        text = value.isoformat() if value else ""
        return {"label": label, "value": text, "text": text}
    if field.type == "selection":
        text = dict(field._description_selection(record.env)).get(value, "")
        return {"label": label, "value": value or "", "text": text}
    if field.type == "boolean":
        return {"label": label, "value": value, "text": record.env._("Yes") if value else record.env._("No")}
    if field.type == "integer":
        return {"label": label, "value": value, "text": str(value)}
    text = unicodedata.normalize("NFC", str(value or "")).replace("\r\n", "\n")
    return {"label": label, "value": text, "text": text}


def _money(record, field):
    """An amount as people of the store write it, with its currency; nothing for other numbers."""
    if field.type != "monetary":
        return None
    currency = record[field.get_currency_field(record)]
    return currency.format(record[field.name]) if currency else f"{record[field.name] or 0.0:.2f}"


def line_text(cells):
    """The cells of one line in a sentence: what is empty is left out, a bare number says what it counts."""
    return ", ".join(
        f"{cell['label']} {cell['text']}" if cell["text"].isdigit() else cell["text"]
        for cell in cells.values()
        if cell["text"]
    )
