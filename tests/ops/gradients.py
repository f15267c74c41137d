"""What the tests of differentiable ops share."""

import numpy as np
import pytest
import tensorflow as tf


def check_two_derivatives(objective, x, rel=1e-6):
    """Compares first and second derivatives along a direction with differences.

    Args:
        objective: function of a float64 tensor to a scalar.
        x: float64 tensor, where.
        rel: relative error of either derivative that is still right.
    """
    along = tf.constant(np.random.default_rng(0).normal(size=x.shape))

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = objective(x)
        return tf.convert_to_tensor(tape.gradient(value, x))

    with tf.GradientTape() as tape:
        tape.watch(x)
        slope = tf.reduce_sum(gradient(x) * along)
    curvature = tf.reduce_sum(tape.gradient(slope, x) * along)
    step = 1e-5
    ahead, behind = x + step * along, x - step * along
    first = (objective(ahead) - objective(behind)) / (2 * step)
    second = tf.reduce_sum((gradient(ahead) - gradient(behind)) * along) / (2 * step)
    assert float(slope) == pytest.approx(float(first), rel=rel)
    assert float(curvature) == pytest.approx(float(second), rel=rel)
