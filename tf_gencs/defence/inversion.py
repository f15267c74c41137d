"""Inversion as a function of tensors: what a classifier behind it differentiates."""

import functools
import math

import tensorflow as tf

from tf_gencs import layers, seeds
from tf_gencs.recovery import ONLY, RecoverySettings

# Of the sum of G's squared stretches, what counts as no direction at all.
_RIDGE = 1e-4


class Inversion:
    """The nearest G(z) to images, in a graph or out of it.

    What an image gets depends on the image alone: every one of them has the same seed.
    G's weights are read where they are.

    Args:
        model: a `gencs.models.GenerativeModel`.
        solver: the `gencs.solvers.Solver` that searches, or "auto".
        latent_penalty: "auto" or a number; see `RecoverySettings`.
        seed: of starts.
    """

    def __init__(self, model, solver="auto", latent_penalty="auto", seed=0):
        self.model = model
        self._seed = seeds.resolve(seed)
        settings = RecoverySettings(solver).inverting
        self._settings = settings.replace(latent_penalty=latent_penalty)
        # Here, for its checks differentiate, which no graph that calls this lets them.
        self._program = self._prepared()

    @functools.cached_property
    def _graph(self):
        """Concrete: of the functions of several inversions TensorFlow would warn."""
        model = self.model
        x = tf.TensorSpec([None, *model.signal_shape], model.recovery_dtype)
        return tf.function(self._found, autograph=False).get_concrete_function(x)

    def __call__(self, x):
        """Images (batch, *signal_shape) -> dict with "x", "z" and more, (batch, ...).

        See `gencs.recovery.RecoveryResult`. No gradient comes through the search, in
        images or in G's weights. A tape that watches neither keeps none of its steps.
        """
        found = self._graph(tf.cast(tf.stop_gradient(x), self.model.recovery_dtype))
        return tf.nest.map_structure(tf.stop_gradient, found)

    def _prepared(self):
        model = self.model
        A = layers.as_measurement(
            layers.IdentityMeasurement(dtype=model.recovery_dtype),
            model.signal_shape,
            model.recovery_dtype,
        )
        data = self._settings.data({ONLY: A}, model.recovery_dtype, model.facts)
        return self._settings.solver.prepare(model, data)

    def _found(self, x):
        program, data = self._program, self._program.data
        values = data.values()
        derived = program.derive(values)
        shared = program.share(tf.constant(self._seed, tf.int64), derived)
        # A batch of none is one of zeros, of which nothing is kept.
        count = tf.shape(x)[0]
        lanes = tf.maximum(count, 1)
        y = tf.reshape(x, [-1, math.prod(x.shape[1:])])
        y = tf.pad(y, [[0, lanes - count], [0, 0]])
        observed = data.observe({ONLY: y}, values)
        own_seeds = tf.fill([lanes], tf.constant(self._seed, tf.int64))
        own = program.draw(observed, own_seeds, derived)
        found = program.answer(observed, own, shared, derived)
        return {name: part[:count] for name, part in found.items()}


def along_tangents(model, z, move):
    """The part of a move of images that G can follow at z: J (J'J + ridge)^-1 J' move.

    It is linear in the move, and symmetric: its own gradient.

    Args:
        model: a `gencs.models.GenerativeModel`.
        z: latents (batch, k).
        move: (batch, *signal_shape).
    """
    jacobian = tf.stop_gradient(model.moves(z))
    rows = tf.reshape(jacobian, [tf.shape(z)[0], model.latent_dim, -1])
    gram = tf.matmul(rows, rows, transpose_b=True)
    ridge = _RIDGE * tf.linalg.trace(gram)[:, None, None] + 1e-30
    gram += ridge * tf.eye(model.latent_dim, dtype=gram.dtype)
    flat = tf.reshape(tf.cast(move, rows.dtype), [tf.shape(z)[0], -1, 1])
    steps = tf.linalg.solve(gram, tf.matmul(rows, flat))
    moved = tf.matmul(rows, steps, transpose_a=True)
    return tf.cast(tf.reshape(moved, tf.shape(move)), move.dtype)
