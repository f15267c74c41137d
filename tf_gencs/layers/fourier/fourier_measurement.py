"""The measurement of magnetic resonance imaging."""

import math

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import array_config, checks, seeds
from tf_gencs.layers.fourier.coil_sensitivities import (
    checked_sensitivities,
    coil_sensitivities,
)
from tf_gencs.layers.fourier.fourier_masks import KINDS, fourier_mask
from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.support import packed_mask, signal_shapes
from tf_gencs.ops import mask as mask_ops


@keras.saving.register_keras_serializable(package="tf_gencs")
class FourierMeasurement(Measurement):
    """y = M F S x: coil sensitivities, centred Fourier transform, sampling mask.

    F is orthonormal with the zero frequency in the middle, so a full mask and one coil
    keep lengths. Signals are
    - real images (height, width, 1),
    - complex images as two channels, real and imaginary (height, width, 2), or
    - with `complex_signals=True`, complex tensors (height, width, 1).
    Lines (length, channels) and volumes (depth, height, width, channels) likewise: F is
    along all axes but that of channels, and masks and coils have these axes.
    For the first two y is real: the real parts of all kept samples, coil after coil,
    then the imaginary parts, m = 2 * coils * kept. For complex signals y is complex,
    m = coils * kept.

    Args:
        mask: array of bool (height, width), True where k-space is sampled, or a name
            for `fourier_mask`, which then takes the next two arguments and the seed.
            By name, every plane of a volume is sampled alike, and lines take names
            that pick columns.
        acceleration: how many times fewer samples than pixels, for a mask by name.
        center_lines: fully sampled middle, for a mask by name; None is 0.
        coils: None for one that sees everything alike; a number for synthetic coils
            around the image (see `coil_sensitivities`); or an array of sensitivities
            (coils, height, width), real or complex. Such an array is a weight, and its
            values are in the config too.
        complex_signals: whether x and y are complex tensors.
        seed: seed of a mask by name; None draws one, see `get_config()["seed"]`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: `mask` is no array of bool, or `coils` no numbers.
        ValueError: an argument outside its range; when built: signals that are no such
            images, or sizes that do not match.

    Example:

    ```python
    A = gencs.layers.FourierMeasurement(
        "variable_density", acceleration=4, center_lines=8, coils=4, seed=0
    )
    ```

    Source: Pruessmann et al., "SENSE: sensitivity encoding for fast MRI", 1999;
    Lustig, Donoho and Pauly, "Sparse MRI", 2007.
    """

    _structural = ()

    def __init__(
        self,
        mask,
        acceleration=None,
        center_lines=None,
        coils=None,
        complex_signals=False,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.acceleration = self.center_lines = self.seed = None
        if isinstance(mask, str):
            self._set_named_mask(mask, acceleration, center_lines, seed)
        else:
            idle = {
                "acceleration": acceleration,
                "center_lines": center_lines,
                "seed": seed,
            }
            for name, value in idle.items():
                if value is not None:
                    raise ValueError(
                        f"`{name}` must be None unless `mask` is a name. "
                        f"Received: {value!r}"
                    )
            self.mask = packed_mask.checked(mask, (1, 2, 3))
        self.complex_signals = checks.flag(complex_signals, "complex_signals")
        self.complex_pairs = not self.complex_signals
        self.supports_jit = False  # XLA has no kernels for custom ops
        self._given_coils = None
        if coils is None or not checks.has_axes(coils):
            self.coils = None if coils is None else checks.integer(coils, "coils")
        else:
            self._given_coils = checked_sensitivities(coils)
            self.coils = len(self._given_coils)

    def _set_named_mask(self, mask, acceleration, center_lines, seed):
        if mask not in KINDS:
            raise ValueError(
                "`mask` must be an array of bool, as `fourier_mask` makes one, or one "
                f"of {KINDS}. Received: {mask!r}"
            )
        if acceleration is None:
            raise ValueError(
                "`acceleration` must be given for a mask by name. Received: None"
            )
        self.mask = mask
        self.acceleration = checks.number(acceleration, "acceleration", at_least=1)
        self.center_lines = checks.integer(
            0 if center_lines is None else center_lines, "center_lines", at_least=0
        )
        self.seed = seeds.resolve(seed)

    def build(self, input_shape):
        super().build(input_shape)
        sizes, channels = signal_shapes.split(self.signal_shape, self.name)
        allowed = (1,) if self.complex_signals else (1, 2)
        if channels not in allowed:
            raise ValueError(
                f"`{self.name}` must be built on images with {allowed} channels. "
                f"Received: signals of shape {self.signal_shape}"
            )
        places = np.flatnonzero(self._mask_for(sizes))
        self.rows = self.add_weight(
            name="rows",
            shape=places.shape,
            dtype="int32",
            initializer=lambda shape, dtype=None: tf.constant(places, dtype),
            trainable=False,
            autocast=False,
        )
        if self.coils is not None:
            self._build_coils(sizes)
        samples = ((self.coils or 1), len(places))
        self.measurement_shape = samples if self.complex_signals else (2, *samples)

    def _mask_for(self, shape):
        if isinstance(self.mask, str):
            plane = fourier_mask(
                self.mask,
                shape[-2:],
                self.acceleration,
                self.center_lines,
                self.seed,
            )
            return np.broadcast_to(plane, shape)
        if self.mask.shape != shape:
            raise ValueError(
                f"`mask` must have shape {shape} to match the signals. "
                f"Received: {self.mask.shape}"
            )
        return self.mask

    def _build_coils(self, sizes):
        maps = self._given_coils
        if maps is None:
            if len(sizes) != 2:
                raise ValueError(
                    f"`coils` must be an array (coils, {', '.join(map(str, sizes))}) "
                    f"in `{self.name}`: synthetic ones stand around images. Received: "
                    f"{self.coils} for signals of shape {self.signal_shape}"
                )
            maps = coil_sensitivities(self.coils, sizes)
        if maps.shape[1:] != sizes:
            raise ValueError(
                f"`coils` must have shape (coils, {', '.join(map(str, sizes))}) to "
                f"match the signals. Received: {maps.shape}"
            )
        parts = np.stack([maps.real, maps.imag])
        self.sensitivities = self.add_weight(
            name="sensitivities",
            shape=parts.shape,
            initializer=lambda shape, dtype=None: tf.constant(parts, dtype),
            trainable=False,
        )

    def _measure(self, x):
        image = self._as_complex(x)[:, None]  # (batch, coils, height, width)
        if self.coils is not None:
            image = image * self._maps(image.dtype)
        sizes = self.signal_shape[:-1]
        spectrum = _centred(_FFTS[len(sizes)], image, len(sizes))
        pixels = math.prod(sizes)
        spectrum /= tf.constant(pixels**0.5, spectrum.dtype)
        flat = tf.reshape(spectrum, (-1, pixels))
        if self.complex_signals:
            samples = tf.gather(flat, self._rows(), axis=-1)
            return tf.reshape(samples, (-1, self.measurements))
        parts = [
            tf.reshape(
                mask_ops.mask_measure(part(flat), self._rows()),
                (-1, self.measurements // 2),
            )
            for part in (tf.math.real, tf.math.imag)
        ]
        return tf.cast(tf.concat(parts, axis=-1), self.compute_dtype)

    def _measure_adjoint(self, y):
        sizes = self.signal_shape[:-1]
        pixels, kept = math.prod(sizes), self.measurement_shape[-1]
        if self.complex_signals:
            real, imaginary = tf.math.real(y), tf.math.imag(y)
        else:
            wide = "float64" if self.compute_dtype == "float64" else "float32"
            real, imaginary = tf.split(tf.cast(y, wide), 2, axis=-1)
        spectrum = tf.complex(
            *(
                mask_ops.mask_adjoint(
                    tf.reshape(part, (-1, kept)), self._rows(), pixels
                )
                for part in (real, imaginary)
            )
        )
        spectrum = tf.reshape(spectrum, (-1, self.coils or 1, *sizes))
        image = _centred(_INVERSE_FFTS[len(sizes)], spectrum, len(sizes))
        image *= tf.constant(pixels**0.5, image.dtype)
        if self.coils is not None:
            image = image * tf.math.conj(self._maps(image.dtype))
        return self._from_complex(tf.reduce_sum(image, axis=1))

    def _as_complex(self, x):
        """Signals of any of the three kinds -> complex (batch, height, width)."""
        if self.complex_signals:
            return x[..., 0]
        if x.dtype not in (tf.float32, tf.float64):
            x = tf.cast(x, tf.float32)
        imaginary = x[..., 1] if x.shape[-1] == 2 else tf.zeros_like(x[..., 0])
        return tf.complex(x[..., 0], imaginary)

    def _from_complex(self, image):
        """The transpose of `_as_complex`."""
        if self.complex_signals:
            return image[..., None]
        parts = [tf.math.real(image), tf.math.imag(image)]
        stacked = tf.stack(parts[: self.signal_shape[-1]], axis=-1)
        return tf.cast(stacked, self.compute_dtype)

    def _maps(self, dtype):
        parts = tf.cast(tf.convert_to_tensor(self.sensitivities), dtype.real_dtype)
        return tf.complex(parts[0], parts[1])

    def _rows(self):
        return tf.convert_to_tensor(self.rows)

    def get_config(self):
        named = isinstance(self.mask, str)
        config = {
            "mask": self.mask if named else packed_mask.pack(self.mask),
            "acceleration": self.acceleration,
            "center_lines": self.center_lines,
            "coils": self._coils_config(),
            "complex_signals": self.complex_signals,
            "seed": self.seed,
        }
        return {**super().get_config(), **config}

    def _coils_config(self):
        if self._given_coils is None:
            return self.coils
        if self.built:
            return array_config.exact(self._maps(tf.complex128))
        return array_config.exact(self._given_coils)

    @classmethod
    def from_config(cls, config):
        if not isinstance(config["mask"], str):
            config = {**config, "mask": packed_mask.unpack(config["mask"])}
        coils = array_config.deserialize(config["coils"])
        if not isinstance(coils, dict):
            return cls(**{**config, "coils": coils})
        layer = cls(**{**config, "coils": np.zeros(coils["shape"])})
        # In files of 0.1.0 only weights hold the values. Until they are loaded, results
        # are NaN rather than wrong.
        layer._given_coils = np.full_like(layer._given_coils, np.nan)
        return layer


# By the number of axes.
_FFTS = {1: tf.signal.fft, 2: tf.signal.fft2d, 3: tf.signal.fft3d}
_INVERSE_FFTS = {1: tf.signal.ifft, 2: tf.signal.ifft2d, 3: tf.signal.ifft3d}


def _centred(transform, image, count):
    """A Fourier transform of `count` axes, with both origins in the middle."""
    axes = tuple(range(-count, 0))
    shifted = tf.signal.ifftshift(image, axes)
    return tf.signal.fftshift(transform(shifted), axes)
