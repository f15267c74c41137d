"""How G moves at a latent: the directions that measurements have to tell apart."""

import math
import typing

import numpy as np
import tensorflow as tf

from tf_gencs import checks

# Numbers of Jacobians that are held at once.
_AT_ONCE = 2**24
_MOST_LATENTS = 64


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

    def _tangents(self, z):
        size = self.latent_dim * math.prod(self.signal_shape)
        chunk = min(_MOST_LATENTS, max(1, _AT_ONCE // size))
        for start in range(0, len(z), chunk):
            some = z[start : start + chunk]
            x, moves = _moves(self.generator, tf.constant(some))
            for each in zip(some, x.numpy(), moves.numpy(), strict=True):
                yield _decompose(*each)


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
            tf.repeat(tf.one_hot([i], z.shape[1], dtype=z.dtype), len(z), axis=0),
            unconnected_gradients="zero",
        )
        for i in range(z.shape[1])
    ]
    return x, tf.stack(moves, axis=1)


def _decompose(z, x, moves):
    rows = moves.reshape(len(moves), -1)
    # In rows, so that LAPACK works on (k, n), of which k is small.
    latents, lengths, directions = np.linalg.svd(rows, full_matrices=False)
    rounding = np.finfo(rows.dtype).eps * max(rows.shape)
    kept = lengths > rounding * max(lengths[0], np.finfo(rows.dtype).tiny)
    directions = directions[kept].reshape(-1, *x.shape)
    return Tangent(z, x, directions, lengths[kept], latents.T[kept])
