"""The data term of CSGM."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tf_gencs")
class SumSquaredError(keras.losses.Loss):
    """||y_true - y_pred||^2, summed over the measurements: (lanes, m) -> (lanes,).

    The sum, not the mean: with A of N(0, 1/m) entries a latent penalty then weighs
    the same at every m.

    Source: Bora et al., ICML 2017, section 3.
    """

    def __init__(self, name="sum_squared_error", reduction=None, **kwargs):
        super().__init__(name=name, reduction=reduction, **kwargs)

    def call(self, y_true, y_pred):
        return tf.reduce_sum(tf.square(y_pred - y_true), axis=-1)
