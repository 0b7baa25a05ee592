"""The review of records and communities: queue, answers, map and photos, decisions by key."""
