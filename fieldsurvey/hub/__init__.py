"""The office side: revisions, files and accounts behind HTTP, in one GeoPackage or in PostgreSQL."""
