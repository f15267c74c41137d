"""A function of many latents, slice by slice: they need not fit in memory at once."""

import math

import numpy as np
import tensorflow as tf

# What the activations of all latents side by side may take.
_BYTES = 512 * 2**20


def in_slices(function, z, bytes_of_one):
    """A function of latents on as many at a time as fit.

    Args:
        function: of latents (count, k), gives a nest of tensors (count, ...).
        z: (latents, k).
        bytes_of_one: about what it takes for one of them.
    """
    count = z.shape[0]
    # One latent may take more than there is: as many slices as latents are the most.
    slices = max(1, math.ceil(count / max(1, _BYTES // bytes_of_one)))
    size = math.ceil(count / slices)
    # The last slice repeats the last latent: all must be of one size.
    filled = tf.gather(z, np.minimum(np.arange(slices * size), count - 1))
    first = function(filled[:size])
    if slices == 1:
        return first
    rest = tf.map_fn(
        function,
        tf.reshape(filled[size:], (-1, size, z.shape[1])),
        fn_output_signature=tf.nest.map_structure(
            lambda t: tf.TensorSpec(t.shape, t.dtype), first
        ),
        parallel_iterations=1,
    )
    return tf.nest.map_structure(
        lambda one, more: tf.concat(
            [one, tf.reshape(more, (-1, *more.shape[2:]))], axis=0
        )[:count],
        first,
        rest,
    )
