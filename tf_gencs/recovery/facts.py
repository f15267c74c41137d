"""What a model knows about the signals that it recovers."""

import dataclasses
import zlib

import numpy as np

from tf_gencs.bases import Basis

# No float image is known to better than a thousandth of its range. Where G reaches
# everything else, this prefers the shortest of all z that explain y.
LEAST_ERROR = 1e-6


@dataclasses.dataclass(frozen=True, eq=False)
class Facts:
    """What is known about signals and about those that the model cannot make.

    Attributes:
        value_range: (low, high) of signal values, or None.
        representation_error: mean squared error per signal value of the best G(z), at
            least that of rounding; 0 where it is unknown. None stands for 0.
        deviation_basis: `Basis` in which signals deviate from the range in few
            coefficients, or None.
        deviation_scale: root mean square of every such coefficient, or None.
    """

    value_range: tuple | None = None
    representation_error: float | None = None
    deviation_basis: Basis | None = None
    deviation_scale: float | np.ndarray | None = None

    def __post_init__(self):
        error = self.representation_error
        if error is not None:
            low, high = self.value_range or (0.0, 1.0)
            error = max(error, LEAST_ERROR * (high - low) ** 2)
        object.__setattr__(self, "representation_error", error or 0.0)

    @property
    def in_range(self):
        """Whether the model is told that its range holds all signals, but rounding."""
        low, high = self.value_range or (0.0, 1.0)
        return 0 < self.representation_error <= 4 * LEAST_ERROR * (high - low) ** 2

    @property
    def key(self):
        """Equal for equal facts; hashable."""
        scale = np.asarray(self.deviation_scale, "float64")
        return (
            self.value_range,
            self.representation_error,
            repr(self.deviation_basis),
            scale.shape,
            zlib.crc32(np.ascontiguousarray(scale)),
        )
