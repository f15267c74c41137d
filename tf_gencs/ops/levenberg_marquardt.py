"""One Levenberg-Marquardt step for many independent lanes, and normal equations.

Source: Madsen, Nielsen and Tingleff, "Methods for non-linear least squares problems",
2nd edition, 2004, section 3.2, with Nielsen's rule for the damping: a lane costs
exactly one evaluation of objective and Jacobian a step.
"""

import typing

import tensorflow as tf

from tf_gencs.ops import levenberg_marquardt_twin as twin
from tf_gencs.ops import library
from tf_gencs.ops.lane_status import RUNNING


class LevenbergMarquardtState(typing.NamedTuple):
    """The state of L lanes of k numbers.

    Attributes:
        z: (L, k), the best point so far.
        value: (L,), the objective there.
        gradient: (L, k), its gradient there.
        normal: (L, k, k), its Gauss-Newton matrix there.
        damping: (L,), what was added to the diagonal of `normal` for the trial.
        growth: (L,), by what the damping grows at the next rejection.
        trial: (L, k), the point to evaluate next; z in lanes that do not run.
        predicted: (L,), the decrease that the model without damping promises there.
        count: (L,) int64, accepted points, the start among them.
        status: (L,) int64, RUNNING, CONVERGED or FAILED.
    """

    z: tf.Tensor
    value: tf.Tensor
    gradient: tf.Tensor
    normal: tf.Tensor
    damping: tf.Tensor
    growth: tf.Tensor
    trial: tf.Tensor
    predicted: tf.Tensor
    count: tf.Tensor
    status: tf.Tensor


def normal_equations(jacobian, residual):
    """The normal equations of many small least-squares problems.

    Args:
        jacobian: tensor of shape (L, k, m), float32 or float64 (other types run in the
            twin): row i holds the derivatives of all residuals by number i.
        residual: tensor of shape (L, m).

    Returns:
        (normal, gradient): J J^T of shape (L, k, k), exactly symmetric, and J r of
        shape (L, k). For the objective ||r||^2, twice these are the Gauss-Newton
        matrix and the gradient.

    Raises:
        ValueError: shapes that do not fit.
    """
    jacobian = tf.convert_to_tensor(jacobian)
    residual = tf.convert_to_tensor(residual, jacobian.dtype)
    if jacobian.shape.rank not in (None, 3):
        raise ValueError(
            f"`jacobian` must have shape (lanes, k, m). Received: {jacobian.shape}"
        )
    if jacobian.shape.rank == 3:
        _check_shape("residual", residual, jacobian.shape[::2], "`jacobian`")
    ops = library.native(jacobian.dtype)
    if ops is None:
        return twin.normal_equations_twin(jacobian, residual)
    return tuple(ops.gencs_normal_equations(jacobian, residual))


@tf.RegisterGradient("Gencs>NormalEquations")
def _normal_equations_gradient(op, normal_gradient, gradient_gradient):
    """In core TensorFlow, which differentiates it again."""
    jacobian, residual = op.inputs
    both = normal_gradient + tf.linalg.matrix_transpose(normal_gradient)
    by_jacobian = tf.matmul(both, jacobian)
    by_jacobian += gradient_gradient[:, :, None] * residual[:, None, :]
    by_residual = tf.linalg.matvec(jacobian, gradient_gradient, transpose_a=True)
    return by_jacobian, by_residual


def lm_start(z, value, gradient, normal):
    """Makes the state before the first step.

    Args:
        z: floating-point tensor of shape (L, k), the starting points.
        value: tensor of shape (L,), the objective at z: sums of squares and penalties.
        gradient: tensor of shape (L, k), its gradient at z.
        normal: tensor of shape (L, k, k), its Gauss-Newton matrix at z: the objective
            near z is value + gradient d + d normal d / 2.

    Returns:
        A `LevenbergMarquardtState` whose `trial` is to be evaluated. A lane where not
        all is finite is FAILED, one without a gradient is CONVERGED.

    Raises:
        ValueError: wrong shapes.
    """
    z = tf.convert_to_tensor(z)
    if z.shape.rank != 2:
        raise ValueError(f"`z` must have shape (lanes, k). Received: {z.shape}")
    gradient = tf.convert_to_tensor(gradient, z.dtype)
    normal = tf.convert_to_tensor(normal, z.dtype)
    value = tf.convert_to_tensor(value, z.dtype)
    _check_shape("value", value, z.shape[:1])
    _check_shape("gradient", gradient, z.shape)
    _check_shape("normal", normal, [*z.shape, z.shape[1]])
    zeros = tf.zeros_like(value)
    # A state that has seen no point yet takes any as its first.
    state = LevenbergMarquardtState(
        z=z,
        value=zeros + float("inf"),
        gradient=tf.zeros_like(gradient),
        normal=tf.zeros_like(normal),
        damping=zeros,
        growth=zeros,
        trial=z,
        predicted=zeros,
        count=tf.zeros_like(value, tf.int64),
        status=tf.zeros_like(value, tf.int64) + RUNNING,
    )
    return lm_step(state, value, gradient, normal, tolerance=0.0)


def lm_step(state, trial_value, trial_gradient, trial_normal, tolerance):
    """Judges the trial points of all lanes and proposes the next ones.

    Args:
        state: `LevenbergMarquardtState` of float32 or float64 (other types run in the
            twin).
        trial_value: tensor of shape (L,), the objective at state.trial.
        trial_gradient: tensor of shape (L, k), its gradient there.
        trial_normal: tensor of shape (L, k, k), its Gauss-Newton matrix there.
        tolerance: float; a lane has CONVERGED when an undamped step would lower its
            objective by at most tolerance * |value|, by its model. One that no step
            above the precision of z lowers has CONVERGED too.

    Returns:
        The new `LevenbergMarquardtState`. A trial that is not finite is rejected like
        one that does not bring what was predicted. Lanes that do not run keep
        everything, and their trial is z.

    Raises:
        ValueError: shapes that do not fit `state`.
    """
    dtype = state.z.dtype
    trial_value = tf.convert_to_tensor(trial_value, dtype)
    trial_gradient = tf.convert_to_tensor(trial_gradient, dtype)
    trial_normal = tf.convert_to_tensor(trial_normal, dtype)
    _check_shape("trial_value", trial_value, state.value.shape)
    _check_shape("trial_gradient", trial_gradient, state.z.shape)
    _check_shape("trial_normal", trial_normal, state.normal.shape)
    trials = trial_value, trial_gradient, trial_normal
    ops = library.native(dtype)
    if ops is None:
        return twin.lm_step_twin(state, *trials, tolerance)
    new = ops.gencs_levenberg_marquardt_step(
        *state, *trials, tolerance=float(tolerance)
    )
    return LevenbergMarquardtState(*new)


# Solvers never differentiate through their own steps.
tf.no_gradient("Gencs>LevenbergMarquardtStep")


def _check_shape(name, tensor, shape, to="the lanes"):
    if not tensor.shape.is_compatible_with(shape):
        raise ValueError(
            f"`{name}` must have shape {tuple(shape)} to match {to}. "
            f"Received: {tensor.shape}"
        )
