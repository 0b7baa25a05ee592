"""The two lists of an exchange: what goes and what comes, or went and came."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from fieldsurvey.i18n import _
from fieldsurvey.sync.listing import Item, Listing
from ui import shown
from ui.widgets import titled

_MOST_FILES = 500  # shown by name


class ExchangeLists(QWidget):
    """Two trees side by side, records by community and layer, photos with their sizes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.out_title, self.in_title = titled("", "heading"), titled("", "heading")
        self.out, self.back = _tree("sync_out", _("Will go")), _tree("sync_in", _("Will come"))
        for title, tree in ((self.out_title, self.out), (self.in_title, self.back)):
            column = QVBoxLayout()
            column.addWidget(title)
            column.addWidget(tree, 1)
            row.addLayout(column, 1)
        self.clear()

    def clear(self) -> None:
        """Show that nothing is known yet."""
        self.out_title.setText(_("Will go"))
        self.in_title.setText(_("Will come"))
        for tree in (self.out, self.back):
            tree.clear()
            tree.addTopLevelItem(_line(_("Not looked at yet."), ""))

    def show_coming(self, going: Listing, coming: Listing) -> None:
        """Show what an exchange would do."""
        self._show(_("Will go"), going, _("Will come"), coming)

    def show_done(self, gone: Listing, come: Listing) -> None:
        """Show what an exchange did."""
        self._show(_("Sent"), gone, _("Received"), come)

    def _show(self, out_title: str, out: Listing, in_title: str, back: Listing) -> None:
        self.out_title.setText(f"{out_title} · {_sum(out)}")
        self.in_title.setText(f"{in_title} · {_sum(back)}")
        _fill(self.out, out)
        _fill(self.back, back)


def _sum(listing: Listing) -> str:
    records = sum(i.made + i.changed + i.deleted + i.approved + i.imported for i in listing.items)
    text = _("{n} records, {files} files, {size}")
    return text.format(n=records + listing.unseen, files=len(listing.files), size=shown.size(listing.size))


def _tree(name: str, label: str) -> QTreeWidget:
    tree = QTreeWidget()
    tree.setObjectName(name)
    tree.setAccessibleName(label)
    tree.setColumnCount(2)
    tree.setHeaderHidden(True)
    tree.header().setStretchLastSection(False)
    tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
    return tree


def _line(name: str, value: str) -> QTreeWidgetItem:
    line = QTreeWidgetItem([name, value])
    line.setToolTip(0, name)
    line.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return line


def _fill(tree: QTreeWidget, listing: Listing) -> None:
    tree.clear()
    places: dict[str, list[Item]] = {}
    for item in listing.items:
        places.setdefault(item.community, []).append(item)
    for community, items in places.items():
        place = _line(community or _("Without a community"), "")
        for item in items:
            place.addChild(_line(item.layer, f"✕ {item.words}" if item.deleted else item.words))
        tree.addTopLevelItem(place)
        place.setExpanded(len(places) <= 8)
    if listing.unseen:
        tree.addTopLevelItem(_line(_("Further edits"), str(listing.unseen)))
    if listing.files:
        _add_files(tree, listing)
    if not tree.topLevelItemCount():
        tree.addTopLevelItem(_line(_("Nothing."), ""))


def _add_files(tree: QTreeWidget, listing: Listing) -> None:
    photos = listing.photos
    groups = ((_("Photos"), photos), (_("Datasets"), tuple(b for b in listing.files if b not in set(photos))))
    for name, files in groups:
        if not files:
            continue
        size = sum(blob.size for blob in files)
        group = _line(f"{name} ({len(files)})", shown.size(size))
        for blob in files[:_MOST_FILES]:
            group.addChild(_line(blob.name, shown.size(blob.size)))
        tree.addTopLevelItem(group)
        group.setExpanded(len(files) <= 5)
