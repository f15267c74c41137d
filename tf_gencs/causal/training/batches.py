"""What a controller is shown in each step: rows of the data, rare causes more often."""

import numpy as np
import tensorflow as tf

from tf_gencs import seeds

_LARGEST = 2**16  # rows at once, whatever the data


def drawn(rows, layout, places, batch_size, share, seed, steps):
    """`balanced` batches where a share and nodes that learn alone ask for it.

    Raises:
        ValueError: batches of more than 65,536 rows and of more than there are.
    """
    most = max(_LARGEST, len(rows))
    if batch_size > most:
        raise ValueError(
            f"`batch_size` must be at most {most}: `labels` hold {len(rows)} rows, "
            f"which a larger batch shows again and again. Received: {batch_size}"
        )
    if not (share and places):
        return natural(rows, batch_size, seed, steps)
    return balanced(rows, layout, places, batch_size, share, seed, steps)


def natural(rows, batch_size, seed, steps):
    """Batches of rows drawn with replacement, each from the seed and its step.

    Args:
        rows: float32 (n, nodes).
        batch_size: rows of a batch.
        seed: integer.
        steps: range of the numbers of the steps.

    Returns:
        `tf.data.Dataset` of (batch, nodes).
    """
    data = tf.constant(rows)
    stream = seeds.stream(seed, "controller batches")

    def draw(step):
        where = seeds.at_step(stream, step)
        return tf.gather(data, _integers((batch_size,), where, len(rows)))

    return _of_steps(steps, draw)


def balanced(rows, layout, places, batch_size, share, seed, steps):
    """Batches for each node, in a share of which all causes are equally frequent.

    P(node | parents) does not depend on how frequent the parents' states are. An
    intervention may make frequent what is rare in the data, and a network learns what
    it is shown.

    Args:
        rows, batch_size, seed, steps: as for `natural`.
        layout: `Layout`.
        places: places of the nodes that learn for themselves.
        share: part of a batch that is balanced, in [0, 1].

    Returns:
        `tf.data.Dataset` of (places + 1, batch, nodes); the last is drawn as it comes.
    """
    data = tf.constant(rows)
    many = round(share * batch_size)
    stream = seeds.stream(seed, "controller batches")
    order, starts, lengths, kinds = _by_causes(rows, layout, places)

    def draw(step):
        where = [seeds.at_step(stream, step, part) for part in range(3)]
        shape = (len(places), many)
        kind = _integers(shape, where[1], kinds[:, None])
        length = tf.gather(lengths, kind, batch_dims=1)
        within = tf.random.stateless_uniform(shape, where[2])
        # Of a float32 number below 1, times a large one, the floor may be that one.
        within = tf.minimum(
            tf.cast(within * length, tf.int32), tf.cast(length, tf.int32) - 1
        )
        equal = tf.gather(
            order, tf.gather(starts, kind, batch_dims=1) + within, batch_dims=1
        )
        rest = _integers((len(places), batch_size - many), where[0], len(rows))
        last = _integers((1, batch_size), seeds.at_step(where[0], 1), len(rows))
        chosen = tf.concat([tf.concat([equal, rest], axis=1), last], axis=0)
        return tf.gather(data, chosen)

    return _of_steps(steps, draw)


def _of_steps(steps, draw):
    numbers = tf.data.Dataset.range(steps.start, steps.stop)
    return numbers.map(draw).prefetch(4)


def _integers(shape, stream, below):
    drawn = tf.random.stateless_uniform(shape, stream) * tf.cast(below, tf.float32)
    return tf.minimum(tf.cast(drawn, tf.int32), tf.cast(below, tf.int32) - 1)


def _by_causes(rows, layout, places):
    """Rows sorted by the states of a node's parents, for each node.

    Returns:
        order (places, n), starts and lengths (places, most kinds), kinds (places,).
    """
    order, starts, lengths = [], [], []
    for place in places:
        parents = [p for p in layout.parents[place] if p < len(layout.nodes)]
        parents = [p for p in parents if not layout.continuous[p]]
        kinds = np.zeros(len(rows), np.int64)
        for parent in parents:
            kinds = kinds * layout.counts[parent] + rows[:, parent].astype(np.int64)
            # Numbered anew, or many parents would overflow.
            kinds = np.unique(kinds, return_inverse=True)[1].ravel()
        order.append(np.argsort(kinds, kind="stable"))
        found = np.bincount(kinds)
        lengths.append(found)
        starts.append(np.cumsum(found) - found)
    kinds = np.array(list(map(len, starts)))

    def filled(lists, value):
        most = kinds.max(initial=1)
        rows = [
            np.pad(each, (0, most - len(each)), constant_values=value) for each in lists
        ]
        return np.reshape(rows, (len(places), most))

    return (
        tf.constant(np.array(order).reshape(len(places), len(rows)), tf.int32),
        tf.constant(filled(starts, 0), tf.int32),
        tf.constant(filled(lengths, 1), tf.float32),
        tf.constant(kinds, tf.float32),
    )
