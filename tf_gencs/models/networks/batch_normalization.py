"""Batch normalization over all images of a batch, on however many devices they are."""

import keras

if __package__.startswith("tf_gencs."):
    from .tensorflow_batch_normalization import BatchNormalization
else:  # standing alone
    BatchNormalization = keras.layers.BatchNormalization

__all__ = ["BatchNormalization"]
