"""What all measurements made of measurements share."""

import math

import keras

from tf_gencs.layers.measurement import Measurement


class CompositeMeasurement(Measurement):
    """Parts that act as one; linear if every part is. A subclass says how they act.

    Args:
        parts: `Measurement` layers, at least one.
        **kwargs: as for `keras.layers.Layer`; the dtype is that of the first part,
            unless another is given.

    Raises:
        TypeError: a part is no `Measurement`.
        ValueError: there is no part.
    """

    def __init__(self, parts, **kwargs):
        parts = list(parts) if isinstance(parts, (list, tuple)) else [parts]
        for part in parts:
            if not isinstance(part, Measurement):
                raise TypeError(
                    "`parts` must be Measurement layers (`as_measurement` makes them). "
                    f"Received: {part!r}"
                )
        if not parts:
            raise ValueError("`parts` must hold a measurement. Received: none")
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = parts[0].dtype_policy
        super().__init__(**kwargs)
        self.parts = parts
        self.linear = all(part.linear for part in parts)
        self.complex_signals = parts[0].complex_signals
        self.signals = self._common_signals()
        self.supports_jit = all(part.supports_jit for part in parts)

    def _common_signals(self):
        numbers = {part.signals for part in self.parts} - {None}
        if len(numbers) > 1:
            raise ValueError(
                "`parts` must measure batches of one size. Received: parts for "
                f"batches of {sorted(numbers)}"
            )
        return numbers.pop() if numbers else None

    def _require_one_part(self):
        if len(self.parts) != 1:
            raise ValueError(
                f"`parts` must be one measurement. Received: {len(self.parts)}"
            )

    def _build_part(self, part, shape):
        """Builds a part on signals of this shape, or checks that it measures them."""
        if not part.built:
            part.build((None, *shape))
        size = math.prod(shape)
        if part.signal_size != size:
            raise ValueError(
                f"`{part.name}` must measure signals of {size} values, shape "
                f"{tuple(shape)}, inside `{self.name}`. Received: one that measures "
                f"shape {part.signal_shape}"
            )

    def get_config(self):
        parts = [keras.saving.serialize_keras_object(part) for part in self.parts]
        return {**super().get_config(), "parts": parts}

    @classmethod
    def from_config(cls, config):
        parts = [keras.saving.deserialize_keras_object(p) for p in config["parts"]]
        return cls(**{**config, "parts": parts})
