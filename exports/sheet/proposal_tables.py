"""Tables 5 and 6 of the sheet and its conclusion: works and money, the households' will, gates and suggestion."""

from collections.abc import Sequence

from exports.sheet import wording
from exports.sheet.data import GateSeen, Proposal, Work
from exports.sheet.faces import HEI, SONG
from exports.sheet.page import TEXT_WIDTH, Block, Paragraph
from exports.sheet.table import SHADE, Cell, Mark, Number, Table
from exports.sheet.typography import TextStyle

_LABEL = TextStyle(HEI, 9.5, 13.2, align="centre")
_TEXT = TextStyle(SONG, 9.2, 12.8)
_FIGURE = TextStyle(SONG, 9.2, 12.8, align="right")
_MIDDLE = TextStyle(SONG, 9.2, 12.8, align="centre")
_SUMS = ("工程费用", "其他费用", "预备费", "总投资")
_COLOURS = {
    "通过": wording.RESULT_COLOURS["符合"],
    "未通过": wording.RESULT_COLOURS["不符合"],
    "待核": wording.RESULT_COLOURS["待核"],
}
WORK_COLUMNS = ("序号", "改造内容", "类别", "工程量", "单价（元）", "金额（万元）", "资金来源")
GATE_COLUMNS = ("编号", "纳入条件", "结论", "说明")


def _head(names: Sequence[str]) -> tuple[Cell, ...]:
    return tuple(Cell(Paragraph(name, _LABEL), header="Column", fill=SHADE, pad_x=1.5) for name in names)


def cost_table(proposal: Proposal) -> Table:
    """Return the works with their amounts and sums."""
    widths = (28.0, 0.0, 42.0, 64.0, 60.0, 64.0, 73.0)
    widths = (widths[0], TEXT_WIDTH - sum(widths), *widths[2:])
    rows = [_work_row(number, work) for number, work in enumerate(proposal.works, 1)]
    for name, amount in zip(_SUMS, proposal.sums, strict=True):
        label = Cell(Paragraph(name, _LABEL), columns=5, header="Row", fill=SHADE)
        rows.append((label, None, None, None, None, Cell(Number(f"{amount:,.2f}", _FIGURE)), _text("")))
    return Table(widths, (_head(WORK_COLUMNS), *rows), head=1, min_height=19)


def _work_row(number: int, work: Work) -> tuple[Cell | None, ...]:
    return (
        Cell(Paragraph(str(number), _MIDDLE), header="Row", pad_x=1),
        _text(work.name),
        Cell(Paragraph(work.kind, _MIDDLE), pad_x=1),
        Cell(Number(work.quantity, _FIGURE)),
        Cell(Number(f"{work.price:,.2f}", _FIGURE)),
        Cell(Number(f"{work.amount:,.2f}", _FIGURE)),
        _text(work.fund),
    )


def _text(text: str) -> Cell:
    return Cell(Paragraph(text or "—", _TEXT))


def consent_table(consent: tuple[int, int, int, int]) -> Table:
    """Return what the households said, as counts: nothing personal is printed."""
    asked, voted, agreed, households = consent
    facts = (
        ("总户数", f"{households:,}户" if households else wording.NOT_RECORDED),
        ("已问户数", f"{asked:,}户"),
        ("表态户数", f"{voted:,}户"),
        ("同意户数", f"{agreed:,}户"),
        ("参与率", f"{min(1.0, voted / households):.1%}" if households else "—"),
        ("同意率", f"{agreed / voted:.1%}" if voted else "—"),
    )
    width = TEXT_WIDTH / len(facts)
    values = tuple(Cell(Number(value, _MIDDLE), pad_x=2) for _name, value in facts)
    return Table((width,) * len(facts), (_head([name for name, _value in facts]), values), min_height=20)


def gate_table(gates: Sequence[GateSeen]) -> Table:
    """Return the gates N1 to N8 with their results and reasons."""
    widths = (34.0, 128.0, 52.0, TEXT_WIDTH - 214.0)
    rows = [
        (
            Cell(Paragraph(gate.id, _MIDDLE), header="Row", pad_x=1),
            Cell(Paragraph(gate.title, _TEXT)),
            Cell(Mark(gate.state, TextStyle(HEI, 8.8, 12), _COLOURS[gate.state]), pad_x=1),
            Cell(Paragraph(gate.reason or "—", _TEXT)),
        )
        for gate in gates
    ]
    return Table(widths, (_head(GATE_COLUMNS), *rows), head=1, min_height=19)


def conclusion_table(proposal: Proposal) -> Table:
    """Return indices and suggestion."""
    label, third = 62.0, TEXT_WIDTH / 3
    named = (("需求指数", proposal.need), ("成熟度", proposal.readiness), ("优先度", proposal.priority))
    cells: list[Cell | None] = []
    for name, value in named:
        told: Block = Paragraph("无法计算", _TEXT) if value is None else Number(f"{value:.1f}", _TEXT)
        cells += [Cell(Paragraph(name, _LABEL), header="Row", fill=SHADE, pad_x=1.5), Cell(told)]
    rows: list[tuple[Cell | None, ...]] = [tuple(cells)]
    texts = (("紧急事项", "；".join(proposal.urgent) or "无"), ("纳入建议", proposal.advice or "—"))
    for name, text in texts:
        head = Cell(Paragraph(name, _LABEL), header="Row", fill=SHADE, pad_x=1.5)
        rows.append((head, Cell(Paragraph(text, _TEXT), columns=5), None, None, None, None))
    return Table((label, third - label) * 3, tuple(rows), min_height=20, whole=True)
