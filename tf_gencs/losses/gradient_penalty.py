"""How far a score is from slope 1 between real and generated signals."""

import tensorflow as tf

from tf_gencs import checks, lookup


def gradient_penalty_of(score, real, fake, share):
    """Mean of (||d score / dx|| - 1)^2 at points between real and generated signals.

    Args:
        score: maps signals to scores (batch, 1), each of its own signal alone.
        real, fake: signals, (batch, *signal_shape).
        share: how much of each point is real, (batch,), from U(0, 1).

    Returns:
        A scalar.

    Raises:
        TypeError: `score` cannot be called, or another holds no real numbers.
        ValueError: `real` and `fake` differ in shape, or `share` in length.

    Example:

    ```python
    score = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    share = tf.random.uniform((len(x),))
    gencs.losses.gradient_penalty_of(score, x, x[::-1], share)
    ```

    Source: Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017.
    """
    if not callable(score) or isinstance(score, type):
        raise TypeError(
            f"`score` must be a function. Received: {lookup.received(score)}"
        )
    real, fake = checks.float_tensor(real, "real"), checks.float_tensor(fake, "fake")
    share = checks.float_tensor(share, "share")
    if not real.shape.is_compatible_with(fake.shape):
        raise ValueError(
            f"`fake` must have the shape {real.shape} of `real`. Received: {fake.shape}"
        )
    if not share.shape.is_compatible_with(real.shape[:1]):
        raise ValueError(
            f"`share` must have shape {real.shape[:1]}. Received: {share.shape}"
        )
    share = tf.reshape(share, (-1, *[1] * (real.shape.rank - 1)))
    between = fake + tf.cast(share, fake.dtype) * (real - fake)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(between)
        scores = score(between)
    slopes = tf.cast(tape.gradient(scores, between), scores.dtype)
    square = tf.reduce_sum(tf.square(slopes), axis=list(range(1, real.shape.rank)))
    # The root has no gradient at 0: there it must not be asked for one.
    rooted = square != 0  # NaN too
    norm = tf.where(rooted, tf.sqrt(tf.where(rooted, square, 1)), 0)
    return tf.reduce_mean(tf.square(norm - 1))
