"""Statistics over all images of a batch, on however many devices they are."""

import keras

if __package__.startswith("tf_gencs."):
    from .tensorflow_batch_statistics import BatchNormalization, variance
else:  # standing alone
    BatchNormalization = keras.layers.BatchNormalization

    def variance(h):
        return keras.ops.var(h, axis=0)


__all__ = ["BatchNormalization", "variance"]
