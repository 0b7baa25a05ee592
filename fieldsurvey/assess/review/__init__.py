"""The review: what people submit, what comes back with remarks, what is accepted, approved and locked."""
