"""One sample under interventions and conditions, as a graph of its own seed."""

import tensorflow as tf

from tf_gencs import seeds

_AT_ONCE = 32
_ROUNDS = 128


def draw_where(controller, stream, do, given):
    """Draws labels until a condition holds; see `CausalController.draw_where`."""
    layout, flow = controller._layout, controller._flow
    done = tf.tile(do[None], (_AT_ONCE, 1))
    mask = tf.transpose(done >= 0)[..., None]
    values = layout.columns(done)

    def searching(number, labels, holds):
        return ~holds & (number < _ROUNDS)

    def search(number, labels, holds):
        noise = flow.draw(_AT_ONCE, seeds.at_step(stream, number))
        columns, _ = flow.propagate(controller.mechanisms, noise, mask, values)
        found = tf.cast(layout.labels(columns), tf.int32)
        good = tf.reduce_all((given < 0) | (found == given), axis=1)
        first = tf.argmax(tf.cast(good, tf.int32))
        return number + 1, found[first], good[first]

    start = tf.constant(0), -tf.ones_like(do), tf.constant(False)
    _, labels, holds = tf.while_loop(searching, search, start)
    counts = tf.constant(layout.counts, do.dtype)
    for states in (do, given):
        holds &= tf.reduce_all((states >= -1) & (states < counts))
    return tf.where(holds, labels, -1), holds
