"""Array types used by the map layers."""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.integer]
Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
