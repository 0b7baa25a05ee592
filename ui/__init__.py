"""Everything that knows Qt: windows, widgets, controllers."""

import gc

_ALLOCATIONS = 50_000  # between two looks for cycles, instead of 700

# Modules and widgets are a hundred thousand objects that stay. Going through them again and again while they are
# made takes a tenth of the time to the first map, and later halts the window.
gc.set_threshold(_ALLOCATIONS, *gc.get_threshold()[1:])
