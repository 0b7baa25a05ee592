"""Base maps below the layers: tiles of files and services, rasters. No Qt."""
