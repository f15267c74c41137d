"""One Adam or momentum step for many independent lanes, with their best points kept.

Sources: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015;
Sutskever et al., "On the importance of initialization and momentum in deep learning",
ICML 2013; both as Keras writes them.
"""

import typing

import tensorflow as tf

from tf_gencs.ops import library
from tf_gencs.ops.first_order_twin import (
    adam_step_twin,
    momentum_step_twin,
)
from tf_gencs.per_lane import unknown


class AdamState(typing.NamedTuple):
    """The state of L lanes of k numbers.

    Attributes:
        z: (L, k), the point to evaluate next.
        mean: (L, k), running mean of the gradient.
        square: (L, k), running mean of its square.
        best_z: (L, k), the best point so far.
        best_value: (L,), the objective there; huge before the first move.
        count: (L,) int64, moves so far.
        status: (L,) int64, RUNNING or FAILED.

    Example:

    ```python
    state = gencs.ops.adam_start(tf.ones([2, 3]))  # two lanes of three numbers
    state.z.shape, state.best_z.shape, state.count  # (2, 3), (2, 3), [0, 0]
    ```
    """

    z: tf.Tensor
    mean: tf.Tensor
    square: tf.Tensor
    best_z: tf.Tensor
    best_value: tf.Tensor
    count: tf.Tensor
    status: tf.Tensor


class MomentumState(typing.NamedTuple):
    """The state of L lanes of k numbers.

    Attributes:
        z: (L, k), the point to evaluate next.
        velocity: (L, k), the last move, or with `nesterov` the one before.
        best_z: (L, k), the best point so far.
        best_value: (L,), the objective there; huge before the first move.
        count: (L,) int64, moves so far.
        status: (L,) int64, RUNNING or FAILED.

    Example:

    ```python
    state = gencs.ops.momentum_start(tf.ones([2, 3]))  # two lanes of three numbers
    state.z.shape, state.velocity.shape, state.count  # (2, 3), (2, 3), [0, 0]
    ```
    """

    z: tf.Tensor
    velocity: tf.Tensor
    best_z: tf.Tensor
    best_value: tf.Tensor
    count: tf.Tensor
    status: tf.Tensor


def adam_start(z):
    """Makes the state before the first move.

    Args:
        z: floating-point tensor of shape (L, k), the starting points.

    Raises:
        ValueError: `z` is no matrix.

    Example:

    ```python
    state = gencs.ops.adam_start(tf.ones([2, 3]))
    state.z, state.mean  # all 1, all 0
    ```
    """
    z, shared = _start(z)
    return AdamState(z=z, mean=tf.zeros_like(z), square=tf.zeros_like(z), **shared)


def momentum_start(z):
    """Makes the state before the first move.

    Args:
        z: floating-point tensor of shape (L, k), the starting points.

    Raises:
        ValueError: `z` is no matrix.

    Example:

    ```python
    state = gencs.ops.momentum_start(tf.ones([2, 3]))
    state.z, state.velocity  # all 1, all 0
    ```
    """
    z, shared = _start(z)
    return MomentumState(z=z, velocity=tf.zeros_like(z), **shared)


def adam_step(state, value, gradient, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Keeps the best points of all lanes and moves them by Adam.

    Args:
        state: `AdamState` of float32 or float64 (other types run in the twin).
        value: tensor of shape (L,), the objective at state.z.
        gradient: tensor of shape (L, k), its gradient there.
        rate: tensor of shape (L,), the learning rate of each lane.
        beta_1: number in [0, 1), decay of the gradient's running mean.
        beta_2: number in [0, 1), decay of the squared gradient's running mean.
        epsilon: number above 0, added to the root of the latter.

    Returns:
        The new `AdamState`. A lane whose value or gradient is not finite, or whose
        gradient has a norm that overflows when squared, is FAILED; it and all that do
        not run keep everything else.

    Raises:
        ValueError: shapes that do not fit `state`.

    Example:

    ```python
    state = gencs.ops.adam_start(tf.ones([2, 3]))
    for _ in range(100):
        value = tf.reduce_sum(state.z**2, axis=1)
        state = gencs.ops.adam_step(state, value, 2 * state.z, rate=[0.1, 0.01])
    state.best_value  # [1e-8, 0.16]: the slow lane is on its way
    ```
    """
    value, gradient, rate = _inputs(state, value, gradient, rate)
    ops = library.native(state.z.dtype)
    if ops is None:
        return adam_step_twin(state, value, gradient, rate, beta_1, beta_2, epsilon)
    settings = [
        tf.convert_to_tensor(x, state.z.dtype) for x in (beta_1, beta_2, epsilon)
    ]
    return AdamState(*ops.gencs_adam_step(*state, value, gradient, rate, *settings))


def momentum_step(state, value, gradient, rate, momentum, nesterov=False):
    """Keeps the best points of all lanes and moves them by gradient and momentum.

    velocity = momentum * velocity - rate * gradient; z += velocity, or with `nesterov`
    z += momentum * velocity - rate * gradient.

    Args:
        state: `MomentumState` of float32 or float64 (other types run in the twin).
        value: tensor of shape (L,), the objective at state.z.
        gradient: tensor of shape (L, k), its gradient there.
        rate: tensor of shape (L,), the learning rate of each lane.
        momentum: number in [0, 1).
        nesterov: bool.

    Returns:
        The new `MomentumState`; lanes fail as in `adam_step`.

    Raises:
        ValueError: shapes that do not fit `state`.

    Example:

    ```python
    state = gencs.ops.momentum_start(tf.ones([2, 3]))
    for _ in range(50):
        value = tf.reduce_sum(state.z**2, axis=1)
        state = gencs.ops.momentum_step(
            state, value, 2 * state.z, rate=[0.1, 0.01], momentum=0.9
        )
    state.best_value  # below 1e-4 in both lanes
    ```
    """
    value, gradient, rate = _inputs(state, value, gradient, rate)
    momentum = tf.convert_to_tensor(momentum, state.z.dtype)
    ops = library.native(state.z.dtype)
    if ops is None:
        return momentum_step_twin(state, value, gradient, rate, momentum, nesterov)
    new = ops.gencs_momentum_step(
        *state, value, gradient, rate, momentum, nesterov=bool(nesterov)
    )
    return MomentumState(*new)


# Solvers never differentiate through their own steps.
tf.no_gradient("Gencs>AdamStep")
tf.no_gradient("Gencs>MomentumStep")


def _start(z):
    """Points and what the states share."""
    z = tf.convert_to_tensor(z)
    if z.shape.rank != 2:
        raise ValueError(f"`z` must have shape (lanes, k). Received: {z.shape}")
    zeros = tf.zeros_like(tf.reduce_sum(z, axis=1))
    return z, {
        "best_z": z,
        "best_value": zeros + unknown(z.dtype),
        "count": tf.zeros_like(zeros, tf.int64),
        "status": tf.zeros_like(zeros, tf.int64),
    }


def _inputs(state, value, gradient, rate):
    """The inputs of a step as tensors of the right dtype and shape."""
    shapes = {
        "value": state.best_value.shape,
        "gradient": state.z.shape,
        "rate": state.best_value.shape,
    }
    tensors = []
    for (name, shape), tensor in zip(
        shapes.items(), (value, gradient, rate), strict=True
    ):
        tensor = tf.convert_to_tensor(tensor, state.z.dtype)
        if not tensor.shape.is_compatible_with(shape):
            raise ValueError(
                f"`{name}` must have shape {tuple(shape)} to match the lanes. "
                f"Received: {tensor.shape}"
            )
        tensors.append(tensor)
    return tensors
