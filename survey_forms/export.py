"""The default forms as XLSForm workbooks, for people who edit forms in a spreadsheet."""

from pathlib import Path

from survey_forms import definitions


def export_xlsx(folder: Path) -> list[Path]:
    """Write one .xlsx per default form into a folder; return the files."""
    import openpyxl

    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for form_id in definitions.names():
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, rows in definitions.workbook(form_id).items():
            sheet = book.create_sheet(name)
            columns = list(dict.fromkeys(column for row in rows for column in row))
            sheet.append(columns)
            for row in rows:
                sheet.append([row.get(column, "") for column in columns])
            sheet.freeze_panes = "C2" if name == "survey" else "A2"
        target = folder / f"{form_id}.xlsx"
        part = target.with_suffix(".part")
        book.save(part)
        part.replace(target)
        written.append(target)
    return written
