"""Everything that knows Qt: windows, widgets, controllers."""
