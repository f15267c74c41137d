"""A program at work on several devices, each with some of the signals."""

import tensorflow as tf


def devices_of(strategy):
    """Names of the devices in this process among which a strategy shares work out.

    Args:
        strategy: a `tf.distribute.Strategy`.

    Returns:
        A tuple of at least one name for `MirroredStrategy` and
        `MultiWorkerMirroredStrategy`; empty for others, whose work stays where it is.
    """
    mirrors = (
        tf.distribute.MirroredStrategy,
        tf.distribute.MultiWorkerMirroredStrategy,
    )
    if not isinstance(strategy, mirrors):
        return ()
    return tuple(strategy.extended.worker_devices)


def side_by_side(answer, devices):
    """`Program.answer` with the signals shared out: each device has a run of them.

    What a signal gets follows from its own seed and its own start alone, so that it is
    the same on every device. Weights are read from the device's copy, if it has one.

    Args:
        answer: function (y, own, shared, values) -> dict of tensors (batch, ...).
        devices: names, at least one; at most as many as there are signals.
    """

    def shared_out(y, own, shared, values):
        count = tf.shape(tf.nest.flatten((y, own))[0])[0]
        found = []
        for i, device in enumerate(devices):
            part = slice(count * i // len(devices), count * (i + 1) // len(devices))
            with tf.device(device):
                y_part, own_part = tf.nest.map_structure(
                    lambda each, part=part: each[part], (y, own)
                )
                found.append(answer(y_part, own_part, shared, values))
        return tf.nest.map_structure(lambda *parts: tf.concat(parts, 0), *found)

    return shared_out
