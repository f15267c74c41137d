"""How much the images of a batch differ, for a discriminator to see."""

import keras

from .batch_statistics import variance

# Within the root, which has no slope at 0: a batch of one image, or of equal ones.
_EPSILON = 1e-8


@keras.saving.register_keras_serializable(package="tf_gencs")
class MinibatchStd(keras.layers.Layer):
    """Adds a channel that holds the standard deviation over the batch.

    It is one number, the mean over places and channels of their standard deviation
    over the images of the batch, on all replicas, at every place of every image.

    Source: Karras et al., "Progressive growing of GANs for improved quality, stability,
    and variation", ICLR 2018.
    """

    def call(self, h):
        ops = keras.ops
        deviation = ops.mean(ops.sqrt(variance(h) + _EPSILON))
        return ops.concatenate([h, ops.zeros_like(h[..., :1]) + deviation], axis=-1)

    def compute_output_shape(self, shape):
        return (*shape[:-1], shape[-1] + 1)
