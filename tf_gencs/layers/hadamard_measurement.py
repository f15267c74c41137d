"""The subsampled randomised Hadamard transform."""

import keras
import tensorflow as tf

from tf_gencs.layers.subsampled_measurement import SubsampledMeasurement
from tf_gencs.layers.support.wide_float import in_wide_float
from tf_gencs.ops import hadamard


@keras.saving.register_keras_serializable(package="tf_gencs")
class HadamardMeasurement(SubsampledMeasurement):
    """y = R H D vec(x) / sqrt(m): random signs, fast transform, random rows.

    Every entry of the matrix is +-1/sqrt(m), so E||A x||^2 = ||x||^2 as for a Gaussian
    one, but it takes O(n log n) time and stores n signs and m row numbers. Signals
    whose size n is 2^k or 12 * 2^k (64 x 64 x 3, say) are transformed as they are;
    others are padded with zeros to the next such size (28 x 28 to 1024), which costs
    time but no accuracy: distances are kept in the same way.

    Runs one fused native op each way, where `gencs.ops.backend()` has them.

    Args:
        measurements: m, from 1 to n.
        seed: seed of signs and rows; None draws one, see `get_config()["seed"]`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        ValueError: `measurements` below 1, not an integer or (when built) above n; a
            wrong seed.

    Example:

    ```python
    A = gencs.layers.HadamardMeasurement(500, seed=0)
    y = A(faces)  # (batch, 64, 64, 3) -> (batch, 500)
    back = A.adjoint(y)
    ```

    Source: Ailon and Chazelle, "The fast Johnson-Lindenstrauss transform", 2009;
    Tropp, "Improved analysis of the subsampled randomized Hadamard transform", 2011.
    """

    stem = "hadamard"
    _structural = ()

    @property
    def transform_size(self):
        return hadamard.hadamard_size(self.signal_size)

    def _measure(self, x):
        def measure(x):
            return hadamard.hadamard_measure(x, *self._signs_and_rows())

        return in_wide_float(measure, self._flatten(x))

    def _measure_adjoint(self, y):
        def adjoint(y):
            return hadamard.hadamard_adjoint(y, *self._signs_and_rows())

        return self._unflatten(in_wide_float(adjoint, y))

    def _squared_error(self, x, y):
        return hadamard.hadamard_squared_error(
            self._flatten(x), y, *self._signs_and_rows()
        )

    def _signs_and_rows(self):
        return tf.convert_to_tensor(self.signs), tf.convert_to_tensor(self.rows)
