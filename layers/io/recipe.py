"""What a person decided on tables and columns, kept for the next file of the same office.

A recipe is JSON: {"layer": {"table": name, "fields": {source field: column}}}.
It fits a layer of the same name, else the one layer whose fields it names:
next quarter's file is called otherwise, its columns are not.
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from fieldsurvey.errors import InputRefused, StoreError
from fieldsurvey.i18n import _
from fieldsurvey.model.assets import ASSET_BY_NAME
from layers.io.mapping import BUILDING_KEY, COMMUNITY_KEY, LayerMapping

Recipe = Mapping[str, LayerMapping]


def fitting(recipe: Recipe, name: str, fields: Collection[str]) -> LayerMapping | None:
    """Return what a recipe says of a layer; None if it says nothing, or two of its entries would fit."""
    if name in recipe:
        return recipe[name]
    fits = [entry for entry in recipe.values() if entry.fields and set(entry.fields) <= set(fields)]
    return fits[0] if len(fits) == 1 else None


def save(recipe: Recipe, path: Path) -> None:
    """Write a recipe, whole or not at all.

    Raises:
        StoreError: If the disk refuses.
    """
    value = {layer: {"table": entry.table, "fields": dict(entry.fields)} for layer, entry in recipe.items()}
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(json.dumps(value, ensure_ascii=False, indent=1), "utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        text = _("{file} cannot be written: {why}")
        raise StoreError(text.format(file=path.name, why=error.strerror or type(error).__name__)) from error


def load(source: Path | Mapping[str, object] | None) -> dict[str, LayerMapping]:
    """Return the mapping a person gave: {"layer": {"table": name, "fields": {source: column}}}.

    Raises:
        InputRefused: If the file is no such JSON, or names what does not exist.
    """
    if source is None:
        return {}
    try:
        raw = json.loads(source.read_text("utf-8")) if isinstance(source, Path) else source
        found = {
            str(layer): LayerMapping(str(entry["table"]), dict(entry["fields"])) for layer, entry in dict(raw).items()
        }
    except OSError as error:
        raise InputRefused(_("There is no file {file}.").format(file=source)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputRefused(
            _('The mapping is not of the form {{"layer": {{"table": …, "fields": {{…}}}}}}: {why}').format(why=error)
        ) from error
    for entry in found.values():
        _check(entry)
    return found


def _check(entry: LayerMapping) -> None:
    if not entry.table:  # kept as a layer of its own
        return
    if entry.table not in ASSET_BY_NAME:
        raise InputRefused(_("The mapping names an unknown layer: {name}.").format(name=entry.table))
    columns = {column.name for column in ASSET_BY_NAME[entry.table].columns} | {COMMUNITY_KEY, BUILDING_KEY}
    for column in entry.fields.values():
        if column not in columns:
            raise InputRefused(_("The mapping names an unknown column: {name}.").format(name=column))
