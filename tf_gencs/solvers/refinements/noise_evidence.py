"""How much of a residual is noise, by how it looks and not only by its size."""

import numpy as np
import tensorflow as tf

# Rows of A to look at: more would tell little more, and take their cube in time.
_MOST_ROWS = 128

# Edges of the shares of noise that are compared, of which the least stands for none.
_EDGES = np.array([1e-3, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0])

# Most signals have next to no noise: how much likelier that is than each e-fold.
_NONE = 30.0


def expected_noise(data, residual, variances, freedom):
    """The mean of the noise's variance, given residuals, (batch,).

    A residual of m numbers is taken for N(0, v ((1 - s) K / mean(diag K) + s I)), where
    K = A diag(variances) A^T is what A makes of deviations that are uncorrelated, and s
    the share of the noise. v is where that is likeliest. Deviations are of the sizes
    that the model's facts tell, s is uniform on a logarithmic scale.

    Args:
        data: `DataTerms` with one linear measurement, bound.
        residual: (batch, m).
        variances: of deviations, up to a factor, (batch, *signal_shape).
        freedom: how many of m degrees of freedom the search has left, over m.

    Returns:
        Tensor (batch,).
    """
    (name,) = data.terms
    m, dtype = data.measurements, residual.dtype
    rows = min(m, _MOST_ROWS)
    seen = data.adjoint(name, tf.eye(rows, m, dtype=dtype))
    seen = tf.reshape(seen, (rows, -1))
    variances = tf.reshape(variances, (-1, seen.shape[1]))
    share = tf.constant(np.sqrt(_EDGES[1:] * _EDGES[:-1]), dtype)
    width = np.diff(np.log(_EDGES))
    width[0] *= _NONE
    width = tf.constant(width, dtype)
    count = rows * freedom

    def of_one(signal):
        part, variance = signal
        K = tf.matmul(seen * variance, seen, transpose_b=True)
        K /= tf.maximum(tf.reduce_mean(tf.linalg.diag_part(K)), 1e-30)
        mixed = (1 - share)[:, None, None] * K
        mixed += share[:, None, None] * tf.eye(rows, dtype=dtype)
        root = tf.linalg.cholesky(mixed)
        white = tf.linalg.triangular_solve(
            root, tf.repeat(part[None, :, None], share.shape[0], axis=0)
        )
        v = tf.maximum(tf.reduce_sum(white**2, (1, 2)) / count, 1e-30)
        log_det = 2 * tf.reduce_sum(tf.math.log(tf.linalg.diag_part(root)), 1)
        evidence = -count / 2 * (tf.math.log(v) + log_det / rows)
        tau = (1 - share) * v / tf.maximum(data.misfit_variance, 1e-30)
        evidence += data.facts.distance_log_density(tau)
        evidence += tf.math.log(v * width)
        return tf.reduce_sum(tf.nn.softmax(evidence) * share * v)

    return tf.map_fn(
        of_one,
        (residual[:, :rows], variances),
        fn_output_signature=tf.TensorSpec([], dtype),
    )
