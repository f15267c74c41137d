"""What orthonormal bases share."""

import tensorflow as tf

from tf_gencs import checks
from tf_gencs.config_repr import config_repr


class Basis:
    """An orthonormal basis B of signals: c = B x, x = B^T c.

    Coefficients have the shape of the signal. Any number of leading dimensions makes a
    basis take the rows of a measurement matrix as it takes signals: A x = (A B^T) c,
    and row i of A B^T is `analyse` of row i of A.

    Subclasses write `_analyse(x, axes)` and `_synthesise(c, axes)`, linear and each
    the adjoint and the inverse of the other, on float32 and float64; and `get_config`
    if they have arguments.

    Example:

    ```python
    basis = gencs.bases.get("dct")
    isinstance(basis, gencs.bases.Basis)
    np.square(basis.analyse(x)).sum(), np.square(x).sum()  # the same: orthonormal
    ```
    """

    def analyse(self, x, signal_rank=3):
        """Coefficients c = B x.

        Args:
            x: (..., *signal_shape); sizes within a signal are known.
            signal_rank: how many of the last axes are one signal: 3 for (height,
                width, channels), with a transform of each channel; 2 for (height,
                width); 1 for (n,). Of more, the last one holds channels.

        Returns:
            Tensor of the shape and dtype of x.

        Raises:
            TypeError: x does not hold real numbers.
            ValueError: `signal_rank` is no integer of 1 or more, or x has fewer axes or
                a signal of unknown size.
        """
        return _apply(self._analyse, x, signal_rank)

    def synthesise(self, c, signal_rank=3):
        """Signals x = B^T c; see `analyse`."""
        return _apply(self._synthesise, c, signal_rank)

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __repr__(self):
        return config_repr(self)

    def _analyse(self, x, axes):
        raise NotImplementedError

    def _synthesise(self, c, axes):
        raise NotImplementedError


def _apply(transform, x, signal_rank):
    x = checks.float_tensor(x, "x")
    signal_rank = checks.integer(signal_rank, "signal_rank")
    rank = x.shape.rank
    if rank is None or rank < signal_rank or None in x.shape[rank - signal_rank :]:
        raise ValueError(
            f"`x` must have shape (..., *signal_shape) with {signal_rank} known sizes "
            f"at its end. Received: {x.shape}"
        )
    axes = {1: (-1,), 2: (-2, -1)}.get(signal_rank, tuple(range(-signal_rank, -1)))
    if x.shape.num_elements() == 0:
        return x
    if x.dtype in (tf.float32, tf.float64):
        return transform(x, axes)
    return tf.cast(transform(tf.cast(x, tf.float32), axes), x.dtype)
