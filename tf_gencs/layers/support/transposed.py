"""The transpose of a linear function of tensors, by its own gradient."""

import tensorflow as tf


def transposed(function, y, shape):
    """f^T y of a linear f, differentiable in y.

    Args:
        function: linear, (batch, *shape) -> (batch, ...), of TensorFlow operations that
            have gradients.
        y: tensor (batch, ...) of what f returns.
        shape: of one signal.

    Returns:
        Tensor (batch, *shape) of the dtype of y; zeros where f's result does not depend
        on what it is given.
    """
    x = tf.zeros((tf.shape(y)[0], *shape), y.dtype)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        image = function(x)
    x = tape.gradient(image, x, y, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return tf.ensure_shape(x, (y.shape[0], *shape))
