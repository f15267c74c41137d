"""Tomography: sums along the lines of a rotated image."""

import math

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.layers.measurement import Measurement
from tf_gencs.layers.support import memory, signal_shapes
from tf_gencs.layers.support.sparse_product import sparse_product

_MOST_ANGLES = 100_000


@keras.saving.register_keras_serializable(package="tf_gencs")
class ProjectionMeasurement(Measurement):
    """y = the column sums of the image, padded and rotated by each angle.

    A discrete Radon transform. The image lies in the middle of a square that holds it
    at every angle, of side P = ceil(sqrt(height^2 + width^2)); it is turned about its
    centre, counterclockwise, with bilinear interpolation, and summed over rows, which
    leaves P numbers per angle and channel. The same sparse matrix serves forward and
    backward, so the adjoint (back projection) is exact. Of a volume (depth, height,
    width, channels), every slice (height, width) is projected alike.

    Args:
        angles: in degrees: a sequence of numbers, or how many to spread evenly over
            [0, 180).
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        ValueError: no or wrong angles; when built: signals that are neither (height,
            width, channels) nor (depth, height, width, channels).

    Example:

    ```python
    A = gencs.layers.ProjectionMeasurement(30)
    sinogram = tf.reshape(A(x), (-1, *A.measurement_shape))  # (batch, 30, P, channels)
    ```

    Source: Kak and Slaney, "Principles of Computerized Tomographic Imaging", 1988.
    """

    _structural = ()

    def __init__(self, angles, **kwargs):
        super().__init__(**kwargs)
        self.supports_jit = False  # XLA has no sparse product
        if checks.has_axes(angles):
            angles = checks.finite_numbers(angles, "angles")
        else:
            count = checks.integer(angles, "angles", at_most=_MOST_ANGLES)
            angles = tuple(180 * i / count for i in range(count))
        self.angles = angles

    def build(self, input_shape):
        super().build(input_shape)
        signal_shapes.split(self.signal_shape, self.name, axes=(3, 4))
        *slices, height, width, channels = self.signal_shape
        self._side = math.ceil(math.hypot(height, width))
        memory.refuse_too_large(
            4 * len(self.angles) * height * width,
            "complex128",  # a position of two int64
            "angles",
            "a sparse matrix of four numbers for each angle and pixel is stored; give "
            "fewer",
        )
        rows, columns, values = _projection_matrix(
            height, width, self._side, np.deg2rad(self.angles)
        )
        self._bins = len(self.angles) * self._side
        # Weights, because constants would swell every graph that measures.
        positions = np.stack([rows, columns], 1)
        self.positions = self._add_implied(
            "positions", positions.shape, lambda: positions, "int64"
        )
        self.entries = self._add_implied(
            "values", values.shape, lambda: values, self.variable_dtype
        )
        self.measurement_shape = (*slices, len(self.angles), self._side, channels)

    def _measure(self, x):
        y = self._multiply(x, self._bins)
        return tf.reshape(y, (-1, self.measurements))

    def _measure_adjoint(self, y):
        return self._unflatten(self._multiply(y, self._pixels(), adjoint=True))

    def _pixels(self):
        return self.signal_shape[-3] * self.signal_shape[-2]

    def _multiply(self, signal, size, adjoint=False):
        """(images, in, channels) -> (images, size * channels) by the sparse matrix.

        The slices of a volume are images of a batch.
        """
        channels = self.signal_shape[-1]
        source = self._bins if adjoint else self._pixels()
        # The sparse product wants (in, anything).
        images = tf.transpose(tf.reshape(signal, (-1, source, channels)), (1, 0, 2))
        product = sparse_product(
            tf.convert_to_tensor(self.positions),
            tf.convert_to_tensor(self.entries),
            (self._bins, self._pixels()),
            tf.reshape(images, (source, -1)),
            adjoint,
        )
        product = tf.reshape(product, (size, -1, channels))
        return tf.reshape(tf.transpose(product, (1, 0, 2)), (-1, size * channels))

    def get_config(self):
        return {**super().get_config(), "angles": self.angles}


def _projection_matrix(height, width, side, angles):
    """Rows, columns and values of the matrix from pixels to (angle, column) bins."""
    centre = (side - 1) / 2
    grid_y, grid_x = np.mgrid[:side, :side] - centre
    bins = np.broadcast_to(np.arange(side), (side, side))
    found = []
    for number, angle in enumerate(angles):
        # Where in the image each place of the turned square comes from.
        cosine, sine = math.cos(angle), math.sin(angle)
        y = cosine * grid_y + sine * grid_x + (height - 1) / 2
        x = -sine * grid_y + cosine * grid_x + (width - 1) / 2
        top, left = np.floor(y).astype(int), np.floor(x).astype(int)
        places, weights = [], []
        for row in (top, top + 1):
            for column in (left, left + 1):
                weight = (1 - np.abs(row - y)) * (1 - np.abs(column - x))
                inside = (weight > 0) & (row >= 0) & (row < height)
                inside &= (column >= 0) & (column < width)
                place = ((number * side + bins) * height + row) * width + column
                places.append(place[inside])
                weights.append(weight[inside])
        place, index = np.unique(np.concatenate(places), return_inverse=True)
        found.append((place, np.bincount(index, np.concatenate(weights))))
    place = np.concatenate([place for place, _ in found])
    values = np.concatenate([values for _, values in found])
    return place // (height * width), place % (height * width), values
