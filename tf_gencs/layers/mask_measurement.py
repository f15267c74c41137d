"""Inpainting: some pixels are measured, the others are hidden."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, ops, seeds
from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.support import packed_mask, signal_shapes


@keras.saving.register_keras_serializable(package="tf_gencs")
class MaskMeasurement(Measurement):
    """y holds the kept values of x and nothing else, in C order.

    Exactly one of `mask`, `box` and `keep` says which values are kept. By default one
    mask serves all signals; with `signals=S` each of S signals has its own, and the
    layer measures batches of S (or k * S: k of each, behind one another).

    Args:
        mask: array of bool, True where a value is kept, of the shape of a signal
            (height, width, channels), or (height, width) for all channels together;
            (length, channels), (length,) for lines, and so on. Masks for S signals
            have S in front of that, and must all keep equally many.
        box: (top, left, height, width) of a box of pixels to hide; (start, length) on
            lines, (front, top, left, depth, height, width) in volumes.
        keep: fraction of the pixels to keep, in (0, 1]: exactly round(keep * height *
            width) of them, drawn at random, with all their channels; of places along
            lines and in volumes alike, and of the values of vectors (n,).
        signals: S, an int; None if one mask serves all signals.
        seed: seed of `keep`; None draws one, see `get_config()["seed"]`.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: `mask` does not hold bool.
        ValueError: not exactly one of the three, or one that is out of range; when
            built: it does not fit the signals, or keeps nothing. When called: a batch
            that is no multiple of `signals`.

    Attributes:
        rows: int32 (m,), or (S, m), which values of vec(x) are kept.
        signals: S, or None.

    Example:

    ```python
    A = gencs.layers.MaskMeasurement(box=(8, 8, 12, 12))
    y = A(x)  # (batch, 28, 28, 1) -> (batch, 640)
    ```

    Source: Bora et al., "Compressed sensing using generative models", ICML 2017,
    section 6 (inpainting).
    """

    _structural = ()

    def __init__(
        self, mask=None, box=None, keep=None, signals=None, seed=None, **kwargs
    ):
        super().__init__(**kwargs)
        kinds = zip(_KINDS, (mask, box, keep), strict=True)
        given = [name for name, value in kinds if value is not None]
        if len(given) != 1:
            raise ValueError(
                "Exactly one of `mask`, `box` and `keep` must be given. Received: "
                f"{' and '.join(given) or 'none of them'}"
            )
        if signals is not None:
            signals = checks.integer(signals, "signals")
        if seed is not None and keep is None:
            raise ValueError(f"`seed` must be None without `keep`. Received: {seed!r}")
        if box is not None and signals is not None:
            raise ValueError(
                "`signals` must be None with `box`, which is the same for all signals. "
                f"Received: {signals}"
            )
        self.mask = None if mask is None else _checked_mask(mask, signals)
        self.box = None if box is None else _checked_box(box)
        self.keep = keep
        if keep is not None:
            self.keep = checks.number(keep, "keep", above=0)
            if self.keep > 1:
                raise ValueError(f"`keep` must be at most 1. Received: {keep!r}")
            seed = seeds.resolve(seed)
        self.signals = signals
        self.seed = seed
        self.supports_jit = False  # XLA has no kernels for custom ops

    def build(self, input_shape):
        super().build(input_shape)
        if self.signal_size > np.iinfo(np.int32).max:
            raise ValueError(
                "signals must have fewer than 2**31 values. Received: "
                f"{self.signal_shape}"
            )
        if self.keep is None:
            rows = self._given_rows()
            self.measurements = rows.shape[-1]
        else:
            rows = None
            self.measurements = self._kept_pixels() * self._channels()
        if self.measurements == 0:
            name = next(n for n in _KINDS if getattr(self, n) is not None)
            raise ValueError(
                f"`{name}` must keep at least one value of a signal of shape "
                f"{self.signal_shape}. Received: one that hides all"
            )
        batch = () if self.signals is None else (self.signals,)
        self.rows = self.add_weight(
            name="rows",
            shape=(*batch, self.measurements),
            dtype="int32",
            initializer=(
                self._random_rows
                if rows is None
                else lambda shape, dtype=None: tf.constant(rows, dtype)
            ),
            trainable=False,
            autocast=False,
        )

    def _given_rows(self):
        """The kept values, (m,) or (S, m), by `mask` or `box`."""
        mask = self._box_mask() if self.mask is None else self.mask
        batch = 0 if self.signals is None else 1
        has_channels = len(self.signal_shape) > 1
        if has_channels and mask.shape[batch:] == self.signal_shape[:-1]:
            mask = np.broadcast_to(mask[..., None], mask.shape + self.signal_shape[-1:])
        if mask.shape[batch:] != self.signal_shape:
            expected = f"{self.signal_shape}"
            if has_channels:
                expected += f" or {self.signal_shape[:-1]}"
            raise ValueError(
                f"`mask` must have shape {expected} to match the signals"
                f"{', after the axis of signals' if batch else ''}. "
                f"Received: {self.mask.shape}"
            )
        if not batch:
            return np.flatnonzero(mask)
        counts = mask.reshape(self.signals, -1).sum(axis=1)
        return np.stack([np.flatnonzero(one) for one in mask]).reshape(
            self.signals, counts[0]
        )

    def _box_mask(self):
        axes = len(self.box) // 2
        sizes = self.signal_shape[:axes]
        # A box of images may also be hidden from (height, width) without channels.
        rank = len(self.signal_shape)
        if rank != axes + 1 and (axes, rank) != (2, 2):
            kind = signal_shapes.KINDS[axes + 1]
            raise ValueError(
                f"`box` must be hidden from {kind} if it holds {2 * axes} numbers. "
                f"Received: signals of shape {self.signal_shape}"
            )
        first, extent = self.box[:axes], self.box[axes:]
        ends = [start + size for start, size in zip(first, extent, strict=True)]
        if any(end > size for end, size in zip(ends, sizes, strict=True)):
            listed = " x ".join(map(str, sizes))
            spans = [f"{a} to {b}" for a, b in zip(first, ends, strict=True)]
            raise ValueError(
                f"`box` must lie within {_WORDS[axes]} of {listed} pixels. "
                f"Received: {' and '.join(spans)}"
            )
        mask = np.ones(self.signal_shape, bool)
        mask[tuple(map(slice, first, ends))] = False
        return mask

    def _channels(self):
        """How many values a pixel has; vectors have no channels."""
        return self.signal_shape[-1] if len(self.signal_shape) > 1 else 1

    def _kept_pixels(self):
        return round(self.keep * (self.signal_size // self._channels()))

    def _random_rows(self, shape, dtype=None):
        channels = self._channels()
        pixels = self.signal_size // channels
        stream = seeds.stream(self.seed, "mask_measurement")
        order = tf.argsort(tf.random.stateless_uniform((*shape[:-1], pixels), stream))
        kept = tf.sort(order[..., : self._kept_pixels()])
        rows = kept[..., None] * channels + tf.range(channels)
        return tf.cast(tf.reshape(rows, shape), dtype)

    def _measure(self, x):
        return ops.mask_measure(self._flatten(x), self._rows_for(x))

    def _measure_adjoint(self, y):
        return self._unflatten(ops.mask_adjoint(y, self._rows_for(y), self.signal_size))

    def _rows_for(self, batch):
        rows = tf.convert_to_tensor(self.rows)
        if self.signals is None:
            return rows
        lanes = tf.maximum(tf.shape(rows)[0], 1)
        return tf.repeat(rows, tf.shape(batch)[0] // lanes, axis=0)

    def _sources(self):
        return [(self.rows, self.signals is not None)]

    def get_config(self):
        config = {
            "mask": None if self.mask is None else packed_mask.pack(self.mask),
            "box": self.box,
            "keep": self.keep,
            "signals": self.signals,
            "seed": self.seed,
        }
        return {**super().get_config(), **config}

    @classmethod
    def from_config(cls, config):
        mask = config["mask"]
        return cls(**{**config, "mask": mask and packed_mask.unpack(mask)})


_KINDS = ("mask", "box", "keep")
_WORDS = {1: "lines", 2: "images", 3: "volumes"}


def _checked_mask(mask, signals):
    ranks = (1, 2, 3, 4) if signals is None else (2, 3, 4, 5)
    mask = packed_mask.checked(mask, ranks)
    if signals is None:
        return mask
    if len(mask) != signals:
        raise ValueError(
            f"`mask` must hold {signals} masks to match `signals`. Received: shape "
            f"{mask.shape}"
        )
    counts = mask.reshape(signals, -1).sum(axis=1)
    if counts.min() != counts.max():
        raise ValueError(
            "`mask` must keep equally many values of every signal. Received: from "
            f"{counts.min()} to {counts.max()}"
        )
    return mask


def _checked_box(box):
    try:
        numbers = tuple(box)
        axes = len(numbers) // 2
        if len(numbers) not in (2, 4, 6):
            raise ValueError("a start and a size for each axis")
        return tuple(
            checks.integer(number, "box", at_least=0 if place < axes else 1)
            for place, number in enumerate(numbers)
        )
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ValueError(
            "`box` must be (top, left, height, width), integers, of at least 0, 0, 1 "
            "and 1; (start, length) on lines; (front, top, left, depth, height, width) "
            f"in volumes. Received: {box!r}"
        ) from error
