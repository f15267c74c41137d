"""Wasserstein critics: what all of them see, and the loss from which they learn."""

import tensorflow as tf

from tf_gencs.causal.layout import take_blocks

_EPSILON = 1e-12  # within the root, which has no slope at 0


class Critics:
    """Critics side by side, each of some nodes.

    Args:
        mechanisms: `Mechanisms`.
        blocks: int array (critics, many), the places of the nodes that each sees.
        free: how many of the numbers that a critic sees, from the first on, may differ
            between data and samples; None for all.
    """

    def __init__(self, mechanisms, blocks, free=None):
        self.mechanisms, self.layout = mechanisms, mechanisms.layout
        self.blocks, self._free = blocks, free

    @property
    def inputs(self):
        """How many numbers a critic takes."""
        return self.blocks.shape[1] * self.layout.width

    def real(self, rows):
        """What critics see of labels (batch, nodes), or of (critics, batch, nodes)."""
        return take_blocks(self.layout.columns(rows), self.blocks)

    def critic_loss(self, network, critic, real, noise, stream, weight, center):
        """The loss of all critics, and how far apart they see real and fake."""
        gap, fake = self._gap(network, critic, real, noise)
        penalty = gradient_penalty(critic, real, fake, stream, center, self._free)
        gap = tf.reduce_sum(gap)
        return weight * tf.reduce_sum(penalty) - gap, gap

    def controller_loss(self, network, critic, real, noise):
        """The loss of the mechanisms: minus what critics say of what they make."""
        raise NotImplementedError

    def _gap(self, network, critic, real, noise):
        """Real minus fake as each critic sees them, (critics,), and what is fake."""
        raise NotImplementedError


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
