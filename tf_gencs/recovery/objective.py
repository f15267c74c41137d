"""The function of z that a recovery minimises."""

import tensorflow as tf

from tf_gencs.losses import SumSquaredError


class Objective:
    """loss(y, A G(z)) + latent_penalty * prior.penalty(z), one value per lane.

    Args:
        generator: Keras model z -> x.
        measurement: built `Measurement` x -> y.
        loss: object from `tf_gencs.losses`.
        latent_prior: object with `penalty(z)`.
        latent_penalty: its weight, a float of at least 0.
        dtype: name of the dtype of z and of every number returned.
    """

    def __init__(
        self, generator, measurement, loss, latent_prior, latent_penalty, dtype
    ):
        self._generator = generator
        self._measurement = measurement
        self._loss = loss
        self._prior = latent_prior
        self._penalty = latent_penalty
        self._dtype = dtype

    def __call__(self, z, y):
        """Evaluates every lane.

        Args:
            z: latents, (lanes, k).
            y: what each lane measured, (lanes, m).

        Returns:
            Signals (lanes, *signal_shape), objective (lanes,), measurement error
            ||A x - y||^2 (lanes,).
        """
        x, loss, error = self._compare(z, y)
        return x, loss + self._weighted_penalty(z), error

    def value_and_gradient(self, z, y):
        """Objective (lanes,) and its gradient in z (lanes, k).

        Raises:
            ValueError: the loss does not depend on z by differentiable operations, or
                is not one number per lane.
        """
        # Lanes never mix, so the gradient of their sum holds each lane's own.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            _, loss, _ = self._compare(z, y)
        gradient = tape.gradient(loss, z)
        if gradient is None:
            raise ValueError(
                "`A` and the generator must be differentiable: the loss does not "
                f"depend on z. Received: {self._measurement!r}"
            )
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(z)
            penalty = self._weighted_penalty(z)
        if self._penalty:
            gradient += tape.gradient(penalty, z)
        return loss + penalty, gradient

    def _compare(self, z, y):
        x = self._generator(z, training=False)
        same_dtype = self._measurement.signal_dtype == self._dtype
        if type(self._loss) is SumSquaredError and same_dtype:
            # A measurement may have a faster way to this error and its gradient.
            error = self._measurement.squared_error(x, y)
            return x, error, error
        y_hat = tf.cast(self._measurement(x), self._dtype)
        loss = tf.cast(self._loss(y, y_hat), self._dtype)
        if loss.shape.rank != 1:
            raise ValueError(
                "`loss` must give one number per lane, shape (lanes,). "
                f"Received: shape {loss.shape} for y of shape {y.shape}"
            )
        return x, loss, tf.reduce_sum(tf.square(y_hat - y), axis=-1)

    def _weighted_penalty(self, z):
        if not self._penalty:
            return tf.zeros(tf.shape(z)[:1], self._dtype)
        return self._penalty * self._prior.penalty(z)
