"""Files that departments hand over: read, checked, mapped, reported."""
