"""What a model knows about the signals that it recovers."""

import dataclasses
import math
import zlib

import numpy as np
import tensorflow as tf

from tf_gencs.bases import Basis

# No float image is known to better than a thousandth of its range. Where G reaches
# everything else, this prefers the shortest of all z that explain y.
LEAST_ERROR = 1e-6

# Signals differ in how far they are from G's range. Over its mean, the squared distance
# is about Gamma distributed with this shape: on digits half of them are within 0.6 to
# 1.3 times the mean.
_DISTANCE_SHAPE = 2.5


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

    Example:

    ```python
    facts = gencs.recovery.Facts(value_range=(0, 1), representation_error=0.004)
    facts.in_range  # False: signals are farther from G(z) than rounding
    model.facts.representation_error  # 0.0041, what the preset recorded
    ```
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

    def distance_log_density(self, tau):
        """Of a signal's squared distance from G's range, over its mean.

        Args:
            tau: tensor of such ratios, at least 0.
        """
        a = _DISTANCE_SHAPE
        unit = a * math.log(a) - math.lgamma(a)
        return (a - 1) * tf.math.log(tau) - a * tau + unit

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
