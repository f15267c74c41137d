"""Some of the numbers that a measurement gives, weighted."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import array_config, checks, seeds
from tf_gencs.layers.algebra.composite import DerivedMeasurement
from tf_gencs.layers.support import leverage
from tf_gencs.ops import mask as mask_ops


@keras.saving.register_keras_serializable(package="tf_gencs")
class SelectedRows(DerivedMeasurement):
    """y = weights * A(x)[rows]: some rows of a measurement, each with a weight.

    Takes the time of the whole A. `SelectedRows.adapted` chooses rows by what they tell
    of a generative model's signals.

    Args:
        measurement: the `Measurement` A, of real signals.
        rows: integers from 0 to what A gives, less 1, all different.
        weights: a number for each row; None for 1.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: A is no `Measurement`; rows or weights are no such arrays.
        ValueError: A measures complex signals; there is no row, or one twice; weights
            of another shape; when built: a row that A does not have.

    Example:

    ```python
    whole = gencs.layers.CosineMeasurement(784, seed=0)
    A = gencs.layers.SelectedRows(whole, rows=np.arange(0, 784, 8))
    y = A(x)  # every eighth number of whole(x): (batch, 98)
    ```
    """

    _structural = ()

    def __init__(self, measurement, rows, weights=None, **kwargs):
        super().__init__(measurement, **kwargs)
        if self.complex_signals:
            raise ValueError(
                "`measurement` must measure real signals (complex ones as two "
                f"channels). Received: {measurement!r}"
            )
        self._chosen = _checked_rows(rows)
        self.measurements = len(self._chosen)
        self._weighing = None
        if weights is not None:
            weights = array_config.deserialize(weights)
            self._weighing = checks.float_array(weights, "weights").astype("float64")
            if self._weighing.shape != self._chosen.shape:
                raise ValueError(
                    f"`weights` must have shape {self._chosen.shape}, one for each of "
                    f"`rows`. Received: {self._weighing.shape}"
                )
        self.supports_jit = False  # XLA has no kernels for custom ops

    @classmethod
    def adapted(
        cls, measurement, model, measurements, seed=None, weighted=True, draws=None
    ):
        """The rows of A that tell a generative model's signals apart.

        For A that is whole and orthonormal: a transform, all pixels, or rows of those.
        Every row is kept with a chance in proportion to its leverage, the mean over
        latents of its share in the tangents of G's range, and at most 1.

        Args:
            measurement: the linear `Measurement` A.
            model: a `gencs.models.GenerativeModel`.
            measurements: how many rows are kept.
            seed: of latents and rows; None draws one.
            weighted: whether each row is divided by the root of the chance it had, so
                that on average over seeds squared lengths are those that A gives.
            draws: latents whose tangents are looked at; None for 100.

        Returns:
            A `SelectedRows`, built.

        Raises:
            TypeError: A or the model is none, or A is not linear.
            ValueError: more rows than A has.
        """
        signal_shape = getattr(model, "signal_shape", None)
        seed = seeds.resolve(seed)
        if signal_shape is not None and not measurement.built:
            measurement.build((None, *signal_shape))
        measurement._require_linear("leverage")
        found = leverage.mean_leverage(model, measurement, draws, seed)
        checks.flag(weighted, "weighted")
        count = checks.integer(measurements, "measurements", at_most=len(found))
        rng = np.random.default_rng([seed, *b"adapted rows"])
        rows, chance = leverage.draw_rows(found, count, rng)
        weights = chance**-0.5 if weighted else None
        selected = cls(measurement, rows, weights)
        selected.build((None, *measurement.signal_shape))
        return selected

    def build(self, input_shape):
        super().build(input_shape)
        self._build_part(self.measurement, self.signal_shape)
        rows, available = self._chosen, self.measurement.measurements
        if rows.max() >= available:
            raise ValueError(
                f"`rows` must be below {available}, as many as "
                f"`{self.measurement.name}` gives. Received: {rows.max()}"
            )
        weights = np.ones(len(rows)) if self._weighing is None else self._weighing
        self.rows = self._add_implied("rows", rows.shape, lambda: rows, "int32")
        self.weighing = self._add_implied("weights", rows.shape, lambda: weights)

    def _measure(self, x):
        y = self._measure_part(self.measurement, x)
        return mask_ops.mask_measure(y, self._rows()) * self._weights()

    def _measure_adjoint(self, y):
        whole = mask_ops.mask_adjoint(
            y * self._weights(), self._rows(), self.measurement.measurements
        )
        return self._unflatten(self._adjoint_of_part(self.measurement, whole))

    def _rows(self):
        return tf.convert_to_tensor(self.rows)

    def _weights(self):
        return tf.cast(tf.convert_to_tensor(self.weighing), self.signal_dtype)

    def get_config(self):
        weights = self._weighing
        config = {
            "rows": array_config.exact(self._chosen),
            "weights": None if weights is None else array_config.exact(weights),
        }
        return {**super().get_config(), **config}


def _checked_rows(rows):
    found = np.array(checks.array(array_config.deserialize(rows), "rows"))
    if found.ndim != 1 or found.dtype.kind not in "iu" or not len(found):
        raise ValueError(
            "`rows` must be a sequence of at least one integer. Received: "
            f"shape {found.shape} of {found.dtype}"
        )
    if found.min() < 0 or len(np.unique(found)) < len(found):
        raise ValueError(
            f"`rows` must be different integers of at least 0. Received: {rows!r}"
        )
    return found.astype("int64")
