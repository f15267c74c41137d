"""Batch normalization whose statistics are those of a batch on several replicas."""

import keras

from tf_gencs.models import replicas

variance = replicas.variance


@keras.saving.register_keras_serializable(package="tf_gencs")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization`, over the images of all replicas.

    With one replica it is Keras's to the bit. Keras's `synchronized=True` is not, and
    takes squares less a square for the variance, which loses digits.
    """

    def _moments(self, inputs, mask):
        if mask is None and replicas.several():
            return replicas.moments(inputs, self._reduction_axes)
        return super()._moments(inputs, mask)
