"""Making and opening project files: what must be there, and what is refused."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from fieldsurvey.errors import InputRefused, ProjectTooNew, StoreError
from fieldsurvey.geo import crs as geo_crs
from fieldsurvey.geo.local_grids import is_local
from fieldsurvey.i18n import _
from fieldsurvey.model.assets import ASSETS
from fieldsurvey.model.identity import new_uid
from fieldsurvey.model.schema import Table
from fieldsurvey.store import gpkg, replica
from fieldsurvey.store.connection import Connection, copy_file
from fieldsurvey.store.failures import known_failures
from fieldsurvey.store.library import sqlite3
from fieldsurvey.store.migrations import SCHEMA, migrations
from fieldsurvey.store.place import is_remote
from fieldsurvey.store.rows import Rows


def create_file(path: Path, crs: str, name: str, project: str = "") -> None:
    """Write a new project file with the asset tables.

    Raises:
        InputRefused: If the file exists, its folder does not, or the CRS is unknown, in degrees, or of an old datum
            (Xian 80, Beijing 54), which needs parameters that are secret; or if the place is a network drive.
    """
    if path.exists():
        raise InputRefused(_("{file} exists already. Choose another name, or open it.").format(file=path.name))
    if not path.absolute().parent.is_dir():
        raise InputRefused(_("The folder {folder} does not exist.").format(folder=path.absolute().parent))
    if is_local(crs):
        text = _(
            "A local grid cannot be the system of a project: its parameters stay on one computer. Take a national one, "
            "such as EPSG:4547; the grid can be chosen where files come in and go out."
        )
        raise InputRefused(text)
    try:
        srs_rows = gpkg.srs_rows(crs)
    except ValueError as error:
        raise InputRefused(
            _("{crs} is no known coordinate system. Example: EPSG:4547 (CGCS2000, 114°E).").format(crs=crs)
        ) from error
    if geo_crs.is_geographic(crs) or geo_crs.old_datum(crs):
        raise InputRefused(
            _("{crs} cannot be the system of a project: it must be plane, in metres. Example: EPSG:4547.").format(
                crs=crs
            )
        )
    if geo_crs.is_web_mercator(crs):
        text = _(
            "Web Mercator is for web pages: lengths and areas would be too large. Choose EPSG:4547 or a local grid."
        )
        raise InputRefused(text)
    refuse_remote(path)
    connection = Connection(path)
    try:
        fill(connection, srs_rows, {"project": project or new_uid(), "crs": crs, "name": name})
    except BaseException:
        connection.close()
        path.unlink(missing_ok=True)
        raise
    connection.close()


def fill(
    connection: Connection,
    srs_rows: list[tuple[object, ...]],
    meta: dict[str, object],
    tables: Sequence[Table] = ASSETS,
) -> None:
    """Write everything that a new project file consists of."""
    connection.execute(f"PRAGMA application_id={gpkg.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={gpkg.USER_VERSION}")
    migrations.apply(connection.db)
    meta |= {"origin": replica.Profile().new_origin(), "hlc": 0, "schema": SCHEMA, "epoch": secrets.token_hex(8)}
    with connection.transaction():
        for statement in gpkg.GPKG_TABLES.split(";"):
            if statement.strip():
                connection.execute(statement)
        connection.many("INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", srs_rows)
        connection.execute(gpkg.IMPORTS_AS_ATTRIBUTES)
        for sql, parameters in gpkg.schema_extension():
            connection.execute(sql, parameters)
        connection.many("INSERT INTO _meta VALUES (?, ?)", list(meta.items()))
        rows = Rows(connection, gpkg.srs_id(str(meta["crs"])))
        for table in tables:
            rows.add_table(table)


def open_file(path: Path, *, read_only: bool) -> Connection:
    """Open an existing project file, bringing its schema up to date.

    Raises:
        InputRefused: If it is missing, on a network drive (to write), or no project of this program.
        ProjectTooNew: If a newer version wrote it.
        StoreError: If it is damaged or may not be read.
    """
    if not path.is_file():
        raise InputRefused(_("There is no project file {file}.").format(file=path))
    if not read_only:
        refuse_remote(path)
    connection = Connection(path, read_only=read_only)
    try:
        schema = _verify(connection)
        if not read_only:
            if schema < SCHEMA:
                _keep_before_upgrade(connection, schema)
            connection.set_durable()
            with known_failures(path):
                migrations.apply(connection.db)
            connection.execute("UPDATE _meta SET value = ? WHERE key = 'schema' AND value != ?", (SCHEMA, SCHEMA))
    except BaseException:
        connection.close()
        raise
    return connection


def refuse_remote(path: Path) -> None:
    """Refuse a place where what is acknowledged as saved may be lost.

    Raises:
        InputRefused: If the file lies, or would lie, on a network drive.
    """
    if is_remote(path):
        text = _(
            "{file} lies on a network drive, where saving is not safe. Copy it to a disk of this computer and open the "
            "copy; to work together, use Sync."
        )
        raise InputRefused(text.format(file=path.name))


def kept_before_upgrade(path: Path, schema: int) -> Path:
    """Return where the copy is that was made before a project was brought up from an older schema."""
    return path.with_name(f"{path.stem}.backups") / f"{path.stem}.schema-{schema}.gpkg"


def _keep_before_upgrade(connection: Connection, schema: int) -> None:
    """Copy a project of an older program before it is brought up; such copies are not rotated away."""
    kept = kept_before_upgrade(connection.path, schema)
    if kept.exists() or connection.path.parent.suffix == ".backups":  # a backup is a copy already
        return
    try:
        kept.parent.mkdir(exist_ok=True)
    except OSError as error:
        text = _("The copy before the upgrade could not be written: {why}. Nothing was changed.")
        raise StoreError(text.format(why=error.strerror)) from error
    copy_file(connection, kept)
    connection.kept_before_upgrade = kept


def _verify(connection: Connection) -> int:
    """Return the schema of a project."""
    name = connection.path.name
    try:
        schema = connection.scalar("SELECT value FROM _meta WHERE key = 'schema'")
    except sqlite3.OperationalError as error:  # "no such table": some other SQLite file
        raise InputRefused(
            _("{file} is no project of this program. To take its layers over, use Import.").format(file=name)
        ) from error
    if schema is None or int(schema) > SCHEMA:
        raise ProjectTooNew(
            _("{file} was written by a newer version of this program. Install the newer version to open it.").format(
                file=name
            )
        )
    return int(schema)
