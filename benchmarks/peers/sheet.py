"""One sheet by another engine, for benchmarks/bench_sheet.py: run by an interpreter that has the engine.

    PYTHON benchmarks/peers/sheet.py weasyprint|typst CONTENT.json FONTS OUT.pdf

Prints a JSON line: version, median CPU time in ms (first round not counted),
size in bytes. In each round the title differs, so that nothing is printed from
a cache alone.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

ROUNDS = 7


def main(engine: str, content: str, fonts: str, out: str) -> None:
    data = json.loads(Path(content).read_text(encoding="utf-8"))
    make, version = {"weasyprint": _weasyprint, "typst": _typst}[engine](data, Path(fonts), Path(out))
    times = []
    for number in range(ROUNDS + 1):
        start = time.process_time()
        make(f"{data['title']}{number}")
        times.append((time.process_time() - start) * 1000)
    print(json.dumps({"version": version, "ms": statistics.median(times[1:]), "bytes": Path(out).stat().st_size}))


def _weasyprint(data: Any, fonts: Path, out: Path) -> tuple[Callable[[str], object], str]:
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration

    faces = FontConfiguration()
    css = "".join(
        f"@font-face{{font-family:{name};src:url({(fonts / name).with_suffix('.ttf').as_uri()})}}"
        for name in ("Song", "Hei")
    )
    css += "body{font:9pt Song}h1,h2,th{font-family:Hei}table{border-collapse:collapse;width:100%}"
    css += "td,th{border:.5pt solid #555;padding:2pt}img{width:48%}@page{size:A4;margin:25mm}"
    sheet = weasyprint.CSS(string=css, font_config=faces)

    def make(title: str) -> object:
        tables = "".join(
            f"<h2>{escape(name)}</h2><table>{''.join(_html_row(row) for row in rows)}</table>"
            for name, rows in data["tables"]
        )
        photos = "".join(f'<img src="{Path(each).as_uri()}" alt="">' for each in data["photos"])
        body = f"<h1>{escape(title)}</h1>{tables}{data['map']}{photos}"
        return weasyprint.HTML(string=f"<html lang=zh-CN><body>{body}</body></html>").write_pdf(
            out, stylesheets=[sheet], font_config=faces, pdf_variant="pdf/a-3a"
        )

    return make, weasyprint.__version__


def _html_row(row: list[str]) -> str:
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"


def _typst(data: Any, fonts: Path, out: Path) -> tuple[Callable[[str], object], str]:
    import typst

    folder = out.parent
    (folder / "map.svg").write_text(data["map"], encoding="utf-8")
    source = folder / "sheet.typ"

    def make(title: str) -> object:
        lines = ['#set document(title: "sheet")', '#set text(lang: "zh", size: 9pt, font: "Noto Serif SC")']
        lines += ['#set page(paper: "a4", margin: 25mm)', f"= #{_quoted(title)}"]
        for name, rows in data["tables"]:
            cells = ",".join(f"[#{_quoted(cell)}]" for row in rows for cell in row)
            lines += [f"== #{_quoted(name)}", f"#table(columns: {len(rows[0])}, {cells})"]
        lines.append('#image("map.svg", width: 100%, alt: "map")')
        photos = ",".join(f'image({_quoted(Path(each).name)}, alt: "photo")' for each in data["photos"])
        lines.append(f"#grid(columns: 2, gutter: 6pt, {photos})")
        source.write_text("\n".join(lines), encoding="utf-8")
        return typst.compile(
            str(source), output=str(out), root=str(folder), font_paths=[str(fonts)], pdf_standards=["a-3a"]
        )

    from importlib.metadata import version

    return make, version("typst")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
