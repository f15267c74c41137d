"""Noise on images that a labeler reads, which hides what no eye would see."""

import keras
import tensorflow as tf

from tf_gencs import seeds
from tf_gencs.models.replicas import draw_rows, rows_of


def noisy_images(images, most, seed, *when):
    """Adds normal noise, of a deviation of its own for each image.

    Args:
        images: tensor (batch, height, width, channels).
        most: deviations are uniform in [0, most]; 0 leaves images as they are.
        seed: integer.
        when: integers or scalar tensors; others give other noise.

    Returns:
        Tensor like `images`.
    """
    if not most:
        return images
    stream = seeds.at_step(seeds.stream(seed, "labeler noise"), *when)
    shape = tf.shape(images)

    def draw(count):
        deviation = tf.random.stateless_uniform(
            (count, 1, 1, 1), seeds.at_step(stream, 0), 0, most
        )
        noise = tf.random.stateless_normal(
            tf.concat([[count], shape[1:]], 0), seeds.at_step(stream, 1)
        )
        return deviation * noise

    return images + tf.cast(draw_rows(draw, shape[0]), images.dtype)


class NoisyImages(keras.layers.Layer):
    """`noisy_images` where a network trains, other noise at each step."""

    def __init__(self, most, seed):
        super().__init__()
        self.most, self.seed = most, seed
        self.step = self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False
        )

    def call(self, images, training=False):
        if not training:
            return images
        with rows_of(images):
            noisy = noisy_images(images, self.most, self.seed, self.step)
        # Not where there are no images: the end of a dataset is no step.
        with tf.control_dependencies([images]):
            self.step.assign_add(1)
        return noisy
