"""How wide a posterior is, from the curvature of its objective."""

import numpy as np
import tensorflow as tf

from tf_gencs.per_lane import all_finite


def curvature_root(z, posterior, variance):
    """A root of the inverse of the curvature at z, (lanes, k, k).

    Any matrix gives the exact posterior, so a rough one will do. The curvature is
    that of differences of gradients; where it is none or negative, the prior's
    spread bounds the root.
    """
    k = z.shape[1]
    prior = posterior.prior
    with tf.init_scope():  # priors of one's own may draw in NumPy
        spread = np.var(prior.sample((1000, k), 0, "spread", z.dtype)) + 1e-20
    reach = np.cbrt(np.finfo(z.dtype.as_numpy_dtype).eps) * np.sqrt(spread)

    def column(direction):
        ahead = posterior.value_and_gradient(z + reach * direction)[1]
        behind = posterior.value_and_gradient(z - reach * direction)[1]
        return (ahead - behind) / (2 * reach)

    columns = tf.map_fn(column, tf.eye(k, dtype=z.dtype), parallel_iterations=1)
    hessian = tf.transpose(columns, (1, 0, 2)) / (2 * variance)
    hessian += tf.transpose(hessian, (0, 2, 1))
    # A lane with NaN would end the decomposition of all.
    finite = all_finite(hessian)[:, None, None]
    hessian = tf.where(finite, hessian / 2, tf.eye(k, dtype=z.dtype))
    curvatures, axes = tf.linalg.eigh(hessian)
    curvatures = tf.maximum(tf.abs(curvatures), 1 / spread)
    return axes * tf.math.rsqrt(curvatures)[:, None, :]
