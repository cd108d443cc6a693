#!/usr/bin/env python3
"""Makes the bundled workbooks of flows/branch-reports/data: the same bytes on every machine. Standard library only."""
import os
import zipfile
from datetime import date
from xml.sax.saxutils import escape

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "flows", "branch-reports", "data")
HEAD = ["Филиал", "Дата", "Артикул", "Кол-во", "Сумма"]
BOOKS = {
    "almaty.xlsx": [
        ["Алматы", date(2026, 1, 5), "000417", 12, 113400],
        ["Алматы", date(2026, 1, 6), "001203", 3, 63900],
        ["Алматы", date(2026, 1, 8), "001977", 0, 0],
        ["Алматы", date(2026, 1, 9), "002050", 5, 56000.5],
    ],
    "semey.xlsx": [
        ["Семей", date(2026, 1, 5), "000418", 7, 62300],
        ["Семей", date(2026, 1, 7), "41а", 1, 9450],
        ["Семей", date(2026, 1, 10), "001203", 2, 42600],
    ],
}
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="Продажи" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
}


def cell(place, value):
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def sheet(rows):
    lines = []
    for number, row in enumerate([HEAD] + rows, 1):
        cells = "".join(cell(f"{chr(65 + at)}{number}", value) for at, value in enumerate(row))
        lines.append(f'<row r="{number}">{cells}</row>')
    body = "".join(lines)
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{body}</sheetData></worksheet>'


def main():
    os.makedirs(DATA, exist_ok=True)
    for name, rows in BOOKS.items():
        parts = dict(PARTS, **{"xl/worksheets/sheet1.xml": sheet(rows)})
        with zipfile.ZipFile(os.path.join(DATA, name), "w", zipfile.ZIP_DEFLATED) as book:
            for path, text in parts.items():
                entry = zipfile.ZipInfo(path, (2026, 1, 5, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                book.writestr(entry, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + text)


if __name__ == "__main__":
    main()
