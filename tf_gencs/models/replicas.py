"""Training on several devices at once, by a `tf.distribute` strategy."""

import tensorflow as tf

from tf_gencs import seeds


def share_of(loss):
    """A replica's share of a loss: optimizers add gradients up over replicas."""
    count = tf.distribute.get_strategy().num_replicas_in_sync
    return loss if count == 1 else loss / count


def own_stream(stream):
    """The stream of the replica that asks, so that no two draw the same.

    Args:
        stream: what `seeds.stream` gives; with one replica it stays what it is.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return stream
    return seeds.at_step(stream, context.replica_id_in_sync_group)
