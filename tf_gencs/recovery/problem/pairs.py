"""Every signal compared with every candidate."""

import tensorflow as tf


def see(data, x):
    """What `losses_of_pairs` needs of candidates x (candidates, *signal_shape).

    Args:
        data: `DataTerms`, of which the values are bound.
        x: the candidates.

    Returns:
        A dict of tensors (candidates, ...): what they measure; where measurements are
        each signal's own, the candidates themselves.
    """
    return {"x": x} if data.travelling else data.measure(x)


def losses_of_pairs(data, seen):
    """Loss of every pair of a lane and a candidate.

    Args:
        data: `DataTerms`, bound to lanes.
        seen: what `see` says of the candidates.

    Returns:
        Tensor (lanes, candidates).
    """
    if data.travelling:
        count = tf.shape(seen["x"])[0]
        return tf.map_fn(
            lambda lane: data.take(tf.repeat(lane, count)).loss(seen["x"]),
            tf.range(data.lanes),
            fn_output_signature=tf.TensorSpec([None], data.dtype),
        )
    total = 0.0
    for name, term in data.terms.items():
        total += term.weight * _of_term(term, data.y_of(name), seen[name])
    return total


def _of_term(term, y, candidates):
    if not term.needs_y:
        return term.compare(None, candidates)[None, :]
    if term.is_squared_error:
        squares = tf.reduce_sum(candidates**2, axis=1)
        cross = tf.matmul(y, candidates, transpose_b=True)
        return tf.reduce_sum(y**2, axis=1)[:, None] + squares - 2 * cross
    count = tf.shape(candidates)[0]

    def of_one(one):
        return term.compare(tf.repeat(one[None], count, axis=0), candidates)

    return tf.map_fn(of_one, y)
