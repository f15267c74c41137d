"""One data term of a recovery."""

from typing import NamedTuple

import tensorflow as tf

from tf_gencs.layers import Measurement
from tf_gencs.losses import SumSquaredError


class Term(NamedTuple):
    """One data term: weight * loss(y, A x).

    Example:

    ```python
    term = gencs.recovery.Term(A, gencs.losses.SumSquaredError(), weight=0.5)
    term.needs_y, term.compare(y, A(x))  # True; 0 for each signal: (8,)
    ```
    """

    measurement: Measurement  # built
    loss: object  # from `tf_gencs.losses`, or a Keras loss
    weight: float = 1.0

    @property
    def needs_y(self):
        return getattr(self.loss, "needs_y", True)

    @property
    def is_squared_error(self):
        return type(self.loss) is SumSquaredError

    def compare(self, y, y_hat):
        """The loss without its weight, (lanes,), of predictions (lanes, m).

        Raises:
            ValueError: the loss does not give one number per lane.
        """
        loss = tf.cast(self.loss(y_hat if y is None else y, y_hat), y_hat.dtype)
        if loss.shape.rank != 1:
            raise ValueError(
                "`loss` must give one number per lane, shape (lanes,). "
                f"Received: shape {loss.shape} for predictions of shape {y_hat.shape}"
            )
        return loss

    def split(self, values, travelling):
        """The measurement's values that travel with signals, or those that do not.

        Args:
            values: tuple of tensors, as `Measurement.values` has them.
            travelling: which of the two.

        Returns:
            A dict from their places in `values` to tensors.
        """
        flags = enumerate(zip(self.measurement.travelling, values, strict=True))
        return {
            f"value_{i}": value
            for i, (travels, value) in flags
            if travels == travelling
        }

    def join(self, parts):
        """The tuple of values of which `split` made parts, in one dict."""
        count = len(self.measurement.travelling)
        return tuple(parts[f"value_{i}"] for i in range(count))
