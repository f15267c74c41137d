"""The objective near z, as a quadratic function: what Gauss-Newton works on."""

import tensorflow as tf

from tf_gencs.ops import levenberg_marquardt


class Linearisation:
    """Value, gradient and Gauss-Newton matrix of the objective of lanes at z.

    The matrix is N = sum over the data terms of w J^T diag(c) J, plus the Hessian of
    the prior's part, where J is the Jacobian of A(G(z)), c the loss's `curvature` and
    w the term's weight. A term of negative weight has a gradient and no curvature here.

    Tangents go through generator and measurement by the gradient of their gradient,
    which is linear in what it is given. So everything is evaluated at z once, all that
    a tangent costs is the linear part, any measurement that has a second gradient will
    do, and memory is that of a few tangents and of the (lanes, k, m) numbers of J. All
    tangents side by side (`batch_jacobian`) take k activations a lane and are faster
    for fewer than about ten lanes only.

    Args:
        lanes: `Objective` of lanes, whose losses all have a `curvature`.
        z: latents (lanes, k).

    Attributes:
        value: the objective, (lanes,).
        gradient: its gradient, (lanes, k).
    """

    # Pushes that may be under way at once: enough to keep a few cores busy.
    _AT_ONCE = 4

    def __init__(self, lanes, z):
        self._z = z
        self._pushing = tf.GradientTape(True, watch_accessed_variables=False)
        self._pulling = tf.GradientTape(True, watch_accessed_variables=False)
        with self._pushing:
            with self._pulling:
                self._pulling.watch(z)
                measured = lanes.data.measure(lanes.generate(z))
                self._predicted = tf.concat(list(measured.values()), axis=1)
            self._weights = tf.zeros_like(self._predicted)
            self._pushing.watch(self._weights)
            self._pulled = self.pull(self._weights)
        loss, slope, curvature = _expand_losses(lanes.data, measured)
        self._root = tf.sqrt(curvature)
        self.value = loss + lanes.weighted_penalty(z)
        self.gradient = self.pull(slope)
        self._penalty_gradient = None
        if not lanes.unpenalised:
            self._bending = tf.GradientTape(True, watch_accessed_variables=False)
            with self._bending:
                self._bending.watch(z)
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(z)
                    penalty = lanes.weighted_penalty(z)
                self._penalty_gradient = tape.gradient(
                    penalty, z, unconnected_gradients="zero"
                )
            self.gradient += self._penalty_gradient

    def push(self, v):
        """J v of tangents v (lanes, k): (lanes, m), all data terms side by side."""
        return self._pushing.gradient(
            self._pulled, self._weights, v, unconnected_gradients="zero"
        )

    def pull(self, w):
        """J^T w of cotangents w (lanes, m): (lanes, k)."""
        return self._pulling.gradient(
            self._predicted, self._z, w, unconnected_gradients="zero"
        )

    def product(self, v):
        """N v of tangents v (lanes, k): (lanes, k)."""
        return self.pull(tf.square(self._root) * self.push(v)) + self._bend(v)

    def normal(self):
        """N, (lanes, k, k)."""
        z = self._z
        count, k = tf.shape(z)[0], z.shape[1]

        def column(i):
            v = tf.repeat(tf.one_hot([i], k, dtype=z.dtype), count, axis=0)
            return self._root * self.push(v), self._bend(v)

        jacobian, bend = tf.map_fn(
            column,
            tf.range(k),
            fn_output_signature=(
                tf.TensorSpec(self._root.shape, z.dtype),
                tf.TensorSpec(z.shape, z.dtype),
            ),
            parallel_iterations=self._AT_ONCE,
        )
        normal, _ = levenberg_marquardt.normal_equations(
            tf.transpose(jacobian, (1, 0, 2)), tf.zeros_like(self._root)
        )
        bend = tf.transpose(bend, (1, 0, 2))
        # Differentiated twice, a Hessian may be rounded apart.
        return normal + (bend + tf.linalg.matrix_transpose(bend)) / 2

    def _bend(self, v):
        """The Hessian of the prior's part times v."""
        if self._penalty_gradient is None:
            return tf.zeros_like(v)
        return self._bending.gradient(
            self._penalty_gradient, self._z, v, unconnected_gradients="zero"
        )


def _expand_losses(data, measured):
    """Data loss (lanes,), its slope and curvature in all predictions (lanes, m)."""
    loss, slopes, curvatures = 0.0, [], []
    for name, term in data.terms.items():
        y, y_hat = data.y_of(name), measured[name]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(y_hat)
            part = term.weight * term.compare(y, y_hat)
        loss += part
        slopes.append(tape.gradient(part, y_hat, unconnected_gradients="zero"))
        curvature = term.loss.curvature(y_hat if y is None else y, y_hat)
        curvatures.append(max(term.weight, 0.0) * curvature)
    return loss, tf.concat(slopes, axis=1), tf.concat(curvatures, axis=1)
