"""What all measurements made of measurements share."""

import math

import tensorflow as tf

from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.support import copies


class CompositeMeasurement(Measurement):
    """Parts that act as one; linear if every part is. A subclass says how they act.

    Args:
        parts: list or tuple of `Measurement` layers, at least one.
        **kwargs: as for `keras.layers.Layer`; the dtype is that of the first part,
            unless another is given.

    Raises:
        TypeError: a part is no `Measurement`.
        ValueError: there is no part, or some measure complex signals and some real
            ones, or batches of different sizes.
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
        self.supports_jit = all(part.supports_jit for part in parts)
        self.complex_signals = self._common("complex_signals", parts)
        own = [part for part in parts if part.signals is not None]
        self.signals = self._common("signals", own) if own else None

    @property
    def _told_size(self):
        return self.parts[0]._told_size

    @staticmethod
    def _common(attribute, parts):
        values = [getattr(part, attribute) for part in parts]
        if len(set(values)) > 1:
            raise ValueError(f"`parts` must agree in `{attribute}`. Received: {values}")
        return values[0]

    def _build_part(self, part, shape):
        """Builds a part on signals of this shape, or checks that it measures them."""
        if not part.built:
            part.build((None, *shape))
        flat = len(part.signal_shape) == 1 or len(shape) == 1
        same_size = part.signal_size == math.prod(shape)
        if part.signal_shape != tuple(shape) and not (flat and same_size):
            raise ValueError(
                f"`{part.name}` must measure signals of shape {tuple(shape)}, or all "
                f"their {math.prod(shape)} values as a vector, inside `{self.name}`. "
                f"Received: one that measures shape {part.signal_shape}"
            )

    def _measure_part(self, part, x):
        """What a part measures of signals in any shape of its size: (batch, m)."""
        y = part(tf.reshape(x, (-1, *part.signal_shape)))
        return tf.cast(y, self.signal_dtype)

    def _adjoint_of_part(self, part, y):
        """A part's adjoint, as vectors (batch, n)."""
        x = part.adjoint(tf.reshape(y, (-1, part.measurements)))
        return tf.cast(tf.reshape(x, (-1, part.signal_size)), self.signal_dtype)

    def _gain_of_part(self, part, x):
        """A part's mean gain at signals x, or None, in any shape of its size."""
        if x is not None:
            x = tf.reshape(x, (-1, *part.signal_shape))
        wide = "float64" if self.compute_dtype == "float64" else "float32"
        return tf.cast(part.mean_gain(x), wide)

    def _sources(self):
        found = {
            id(source): (source, travels)
            for part in self.parts
            for source, travels in part._sources()
        }
        for source, travels in super()._sources():
            found.setdefault(id(source), (source, travels))
        return list(found.values())

    def _inner_structure(self):
        # Which part has which values counts too: parts may share them.
        places = {
            id(source): place for place, (source, _) in enumerate(self._sources())
        }
        return tuple(
            (part.structure, *(places[id(source)] for source, _ in part._sources()))
            for part in self.parts
        )

    def get_config(self):
        parts = [copies.in_config(part) for part in self.parts]
        return {**super().get_config(), "parts": parts}

    @classmethod
    def from_config(cls, config):
        parts = [copies.from_config(part) for part in config["parts"]]
        return cls(**{**config, "parts": parts})


class DerivedMeasurement(CompositeMeasurement):
    """A composite of one measurement.

    Args:
        measurement: the `Measurement`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: it is no `Measurement`.
    """

    def __init__(self, measurement, **kwargs):
        if not isinstance(measurement, Measurement):
            raise TypeError(
                "`measurement` must be a Measurement layer (`as_measurement` makes "
                f"one). Received: {measurement!r}"
            )
        super().__init__([measurement], **kwargs)

    @property
    def measurement(self):
        return self.parts[0]

    def get_config(self):
        config = super().get_config()
        (config["measurement"],) = config.pop("parts")
        return config

    @classmethod
    def from_config(cls, config):
        measurement = copies.from_config(config["measurement"])
        return cls(**{**config, "measurement": measurement})
