"""Exchange of revisions and files between replicas: over HTTP, a folder, or one file."""
