"""The gradient penalty of Wasserstein critics."""

import tensorflow as tf

_EPSILON = 1e-12  # within the root, which has no slope at 0


def gradient_penalty(critic, real, fake, stream, center, free=None):
    """Mean squared distance of a critic's slope from `center`, for each critic.

    It is taken at a random point between a real sample and a fake one. With center 1
    it is that of Gulrajani et al.: critics have slope 1 wherever distributions still
    differ, and then jump from one side to the other. With center 0 the slope goes to 0
    with the difference, so training comes to rest.

    Args:
        critic: `SideBySide`.
        real, fake: tensors (critics, batch, numbers).
        stream: stateless seed.
        center: number.
        free: how many of the numbers, from the first on, the slope is taken in; None
            for all. The others are equal in `real` and `fake`.

    Returns:
        Tensor (critics,).

    Source: Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017;
    Mescheder, Geiger and Nowozin, "Which training methods for GANs do actually
    converge?", ICML 2018.
    """
    shape = tf.concat([tf.shape(real)[:2], [1]], axis=0)
    share = tf.random.stateless_uniform(shape, stream)
    between = tf.stop_gradient(share * real + (1 - share) * fake)
    with tf.GradientTape() as tape:
        tape.watch(between)
        values = critic(between)
    slopes = tape.gradient(values, between)[..., :free]
    norms = tf.sqrt(tf.reduce_sum(slopes**2, axis=-1) + _EPSILON)
    return tf.reduce_mean((norms - center) ** 2, axis=-1)
