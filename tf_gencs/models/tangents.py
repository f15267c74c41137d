"""How G moves at a latent: the directions that measurements have to tell apart."""

import math
import typing

import numpy as np
import tensorflow as tf

from tf_gencs import checks

# Numbers of Jacobians that are held at once.
_AT_ONCE = 2**23
_MOST_LATENTS = 64
# Of the longest move, what may be nothing but rounding.
_ROUNDING = {"float32": 1e-5, "float64": 1e-7}


class Tangent(typing.NamedTuple):
    """G near a latent z: G(z + dz) = x + sum_i lengths_i <latents_i, dz> directions_i.

    The singular value decomposition of G's Jacobian, without directions that are no
    longer than rounding.

    Attributes:
        z: (k,).
        x: G(z), (*signal_shape).
        directions: (r, *signal_shape), orthonormal moves of x, the longest first.
        lengths: (r,), how far x moves along each for a unit move of z.
        latents: (r, k), orthonormal: these moves of z.
    """

    z: np.ndarray
    x: np.ndarray
    directions: np.ndarray
    lengths: np.ndarray
    latents: np.ndarray


class HasTangents:
    """What a model with a `generator` of `latent_dim` numbers knows of its tangents."""

    def tangents(self, z):
        """The tangents of G's range at latents, one after the other.

        Takes k derivatives of G, each about the price of G(z), and memory for a few
        Jacobians.

        Args:
            z: latents (batch, k).

        Yields:
            A `Tangent` for each of them.

        Raises:
            ValueError: z has another shape.
        """
        z = checks.float_array(z, "z", (self.latent_dim,), self.recovery_dtype)
        return self._tangents(z)

    def moves(self, z):
        """How signals move with each latent number, also within graphs.

        Args:
            z: latents (batch, k), a tensor.

        Returns:
            Derivatives (batch, k, *signal_shape).
        """
        return _moves(self.generator, z)[1]

    def _tangents(self, z):
        size = self.latent_dim * math.prod(self.signal_shape)
        chunk = min(_MOST_LATENTS, max(1, _AT_ONCE // size))
        for start in range(0, len(z), chunk):
            some = z[start : start + chunk]
            x, moves = _moves(self.generator, tf.constant(some))
            parts = (part.numpy() for part in (x, *_decompose(moves)))
            for z_, x_, directions, lengths, latents in zip(some, *parts, strict=True):
                count = np.count_nonzero(lengths > _ROUNDING[z.dtype.name] * lengths[0])
                directions = directions[:count].reshape(-1, *self.signal_shape)
                yield Tangent(z_, x_, directions, lengths[:count], latents[:count])


def _moves(generator, z):
    """G(z), and its derivatives in each latent number: (batch, k, *signal_shape).

    A derivative forward is the gradient of the gradient, which is linear in what it is
    given: G is evaluated once, and each costs the linear part alone.
    """
    pushing = tf.GradientTape(persistent=True, watch_accessed_variables=False)
    pulling = tf.GradientTape(watch_accessed_variables=False)
    with pushing:
        with pulling:
            pulling.watch(z)
            x = generator(z, training=False)
        weights = tf.zeros_like(x)
        pushing.watch(weights)
        pulled = pulling.gradient(x, z, weights, unconnected_gradients="zero")
    moves = [
        pushing.gradient(
            pulled,
            weights,
            tf.repeat(
                tf.one_hot([i], z.shape[1], dtype=z.dtype), tf.shape(z)[0], axis=0
            ),
            unconnected_gradients="zero",
        )
        for i in range(z.shape[1])
    ]
    return x, tf.stack(moves, axis=1)


def _decompose(moves):
    """Directions (batch, k, n), lengths (batch, k), the longest first, latents."""
    batch, k = moves.shape[:2]
    rows = tf.cast(tf.reshape(moves, (batch, k, -1)), tf.float64)
    # k is small, and double precision squared is enough for single.
    squares, latents = tf.linalg.eigh(tf.matmul(rows, rows, transpose_b=True))
    lengths = tf.sqrt(tf.maximum(squares, 0))[:, ::-1]
    latents = tf.transpose(latents, (0, 2, 1))[:, ::-1]
    directions = tf.matmul(latents, rows) / tf.maximum(lengths, 1e-300)[..., None]
    return (tf.cast(part, moves.dtype) for part in (directions, lengths, latents))
