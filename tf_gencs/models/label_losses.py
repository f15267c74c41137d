"""By how much what a labeler reads misses the labels that G was asked for."""

import tensorflow as tf

LABEL_TARGETS = ("flipped", "noisy", "clear")


def label_loss(read, asked, targets):
    """A cross-entropy between logits that were read and logits that were asked for.

    Args:
        read: logits that a labeler gives for images, (batch, columns).
        asked: logits of the labels that the generator took, (batch, columns).
        targets: one of `LABEL_TARGETS`, see `CausalGAN.compile`.

    Returns:
        A scalar, a mean over images and columns.
    """
    if targets == "flipped":
        return cross_entropy(tf.sigmoid(read), asked)
    if targets == "noisy":
        return cross_entropy(tf.sigmoid(asked), read)
    return cross_entropy(asked > 0, read)


def cross_entropy(targets, logits):
    """Mean cross-entropy of a label, between probabilities and logits of others."""
    targets = tf.cast(targets, logits.dtype)
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits)
    )
