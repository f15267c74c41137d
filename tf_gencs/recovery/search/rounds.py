"""Searches again, where the first one changed what is believed of a signal."""

from typing import NamedTuple

import tensorflow as tf

from tf_gencs import interruption

_MOST_ROUNDS = 4


class Found(NamedTuple):
    """What the lanes of signals found.

    Attributes:
        z: (batch, restarts, k).
        value: the objective there, (batch, restarts).
        penalty: the prior's part of it, (batch, restarts).
        steps, status: int32 (batch, restarts), see `Ending`.
    """

    z: tf.Tensor
    value: tf.Tensor
    penalty: tf.Tensor
    steps: tf.Tensor
    status: tf.Tensor

    @property
    def residual(self):
        """The data loss of each signal's best lane, (batch,)."""
        best = tf.argmin(self.value, axis=1)
        loss = tf.gather(self.value - self.penalty, best, batch_dims=1)
        return tf.maximum(loss, 0)


def in_rounds(search, starts, beliefs, belief):
    """Searches, judges the residuals, and searches on where belief changed.

    Args:
        search: function of starts (signals, restarts, k), of a `Belief` about these
            signals, of their numbers, and of whether lanes that are behind take part,
            that gives `Found`.
        starts: of the first search, of all signals.
        beliefs: `Beliefs`.
        belief: the first one.

    Returns:
        `Found` and the last `Belief`.
    """
    signals = tf.shape(starts)[0]
    empty = Found(
        starts,
        tf.zeros(tf.shape(starts)[:2], starts.dtype),
        tf.zeros(tf.shape(starts)[:2], starts.dtype),
        tf.zeros(tf.shape(starts)[:2], tf.int32),
        tf.zeros(tf.shape(starts)[:2], tf.int32),
    )

    def going_on(count, found, belief, believed, index):
        more = (count < _MOST_ROUNDS) & (tf.size(index) > 0)
        return more & ~tf.convert_to_tensor(interruption.requested())

    def go_on(count, found, belief, believed, index):
        part = tf.nest.map_structure(lambda t: tf.gather(t, index), believed)
        new = search(tf.gather(found.z, index), part, index, tf.equal(count, 0))
        new = new._replace(steps=new.steps + tf.gather(found.steps, index))
        found, belief = (
            tf.nest.map_structure(
                lambda whole, some: tf.tensor_scatter_nd_update(
                    whole, index[:, None], some
                ),
                *both,
            )
            for both in ((found, new), (belief, part))
        )
        revised, again = beliefs.revised(part, new.residual)
        believed = tf.nest.map_structure(
            lambda whole, some: tf.tensor_scatter_nd_update(
                whole, index[:, None], some
            ),
            believed,
            revised,
        )
        return count + 1, found, belief, believed, tf.boolean_mask(index, again)

    any_count = lambda t: tf.TensorShape([None, *t.shape[1:]])  # noqa: E731
    loop = (tf.constant(0), empty, belief, belief, tf.range(signals))
    _, found, belief, _, _ = tf.while_loop(
        going_on,
        go_on,
        loop,
        shape_invariants=(
            tf.TensorShape([]),
            *tf.nest.map_structure(any_count, loop[1:]),
        ),
        parallel_iterations=1,
    )
    return found, belief
