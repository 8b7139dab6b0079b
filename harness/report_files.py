"""The files of a monthly report, fetched and read as their reader does: PDF and XLSX, in both languages."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
from collections import Counter

from .clients import Json2, WebSession
from .errors import expect
from .say import say
from .verify.measures import definitions


def fetch_files(gm: Json2, login: str, url: str, db: str, report: int) -> None:
    """Fetch PDF and XLSX in both languages as the general manager does, and read them.

    :param gm: the general manager's client
    :param login: the login of the same person, which is the password too
    """
    web = WebSession(url, db, login, login)
    for language, lang in (("en", "en_US"), ("zh", "zh_CN")):
        pdf = _download(web, report, f"pdf_{language}")
        expect(pdf.startswith(b"%PDF-"), f"Report files: the PDF ({lang}) begins with {pdf[:20]!r}")
        seen = chinese_of_pdf(pdf) if language == "zh" else ""
        book = _download(web, report, f"xlsx_{language}")
        rows = compare_book(gm, book, report, lang)
        say(f"PDF {lang}: {len(pdf) // 1024} KB{seen}; XLSX: {rows} figures equal to the report's rows")


def _download(web: WebSession, report: int, name: str) -> bytes:
    action = web.call("aftersales.monthly.report", f"action_download_{name}", [report])
    answer = web.get(action["url"])
    expect(answer.status_code == 200, f"Report files: {name} answers {answer.status_code}")
    return answer.content


def chinese_of_pdf(pdf: bytes) -> str:
    """Say how it is known that the PDF shows Chinese: its text, else its fonts."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        if shutil.which("pdftotext"):
            text = subprocess.run(["pdftotext", file.name, "-"], capture_output=True, check=True).stdout.decode()
            if "回访" in text:
                return f", {len(re.findall('[一-鿿]', text))} Chinese characters in its text"
        listed = ""
        if shutil.which("pdffonts"):
            listed = subprocess.run(["pdffonts", file.name], capture_output=True, check=True).stdout.decode()
    fonts = re.findall(r"\S*(?:CJK|Hei|Song|Ming|Fandol)\S*", listed) or [
        name.decode() for name in re.findall(rb"/FontName\s*/(\S*(?:CJK|Hei|Song|Ming)\S*)", pdf)
    ]
    expect(fonts, "Report files: the Chinese PDF embeds no Chinese font")
    return f", Chinese in the font {fonts[0].split('+')[-1]}"


def compare_book(gm: Json2, content: bytes, report: int, lang: str) -> int:
    """Compare every row of the sheet of figures with the report's rows; returns how many there are."""
    from openpyxl import load_workbook

    context, counted = {"lang": lang}, definitions(satisfied_score=4)
    # The figures stand behind the cover and the summary, under a name in the language of the book
    sheet = load_workbook(io.BytesIO(content), data_only=True).worksheets[2]
    shown = Counter(
        tuple(_cell(value) for value in row)
        for row in sheet.iter_rows(min_row=2, max_col=7, values_only=True)
        if row[0]
    )
    info = gm("aftersales.monthly.figure", "fields_get", allfields=["measure", "dimension"],
                    attributes=["selection"], context=context)  # fmt: skip
    measures, dimensions = dict(info["measure"]["selection"]), dict(info["dimension"]["selection"])
    figures = gm.search_read(
        "aftersales.monthly.figure",
        [["report_id", "=", report]],
        ["measure", "dimension", "label", "value", "is_defined", "numerator", "denominator", "n"],
        context=context,
    )
    wanted = Counter(
        (
            measures[row["measure"]],
            dimensions[row["dimension"]],
            row["label"] or "",
            _cell(row["value"]) if row["is_defined"] else "–",
            row["numerator"],
            # A plain count is set against nothing, and its cell is empty
            row["denominator"] if counted[row["measure"]].denominator else "",
            row["n"],
        )
        for row in figures
    )
    odd = list((shown - wanted).keys())[:2] + list((wanted - shown).keys())[:2]
    expect(shown == wanted and shown, f"Report files: the XLSX ({lang}) differs from the figures: {odd}")
    return sum(shown.values())


def _cell(value: object) -> object:
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 2)
    return "" if value is None else value
