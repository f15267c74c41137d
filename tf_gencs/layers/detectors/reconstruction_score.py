"""How natural an autoencoder finds a signal."""

import keras

from tf_gencs import checks, lookup


@keras.saving.register_keras_serializable(package="tf_gencs")
class ReconstructionScore(keras.layers.Layer):
    """Minus an autoencoder's mean absolute error: (batch, ...) -> (batch, 1).

    The discriminator of `gencs.models.BEGAN` makes natural signals again and fails at
    others, so its score in a recovery is

    ```python
    natural = gencs.layers.ReconstructionScore(began.discriminator)
    began.compile(
        loss={"y": "sse", "natural": gencs.losses.Maximize()},
        loss_weights={"natural": 0.1},
    )
    began.recover({"y": y, "natural": None}, {"y": A, "natural": natural})
    ```

    Args:
        autoencoder: Keras model (batch, ...) -> (batch, ...) of the same shape.
        **kwargs: as for `keras.layers.Layer`.

    Raises:
        TypeError: `autoencoder` is no Keras model or layer.
    """

    def __init__(self, autoencoder, **kwargs):
        if not isinstance(autoencoder, keras.Layer):
            raise TypeError(
                "`autoencoder` must be a Keras model or layer. "
                f"Received: {lookup.received(autoencoder)}"
            )
        checks.float_policy(kwargs.get("dtype"))
        super().__init__(**kwargs)
        self.autoencoder = autoencoder

    def call(self, x):
        error = keras.ops.abs(self.autoencoder(x, training=False) - x)
        axes = tuple(range(1, len(x.shape)))
        return -keras.ops.mean(error, axis=axes)[:, None]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 1)

    def get_config(self):
        autoencoder = keras.saving.serialize_keras_object(self.autoencoder)
        return {**super().get_config(), "autoencoder": autoencoder}

    @classmethod
    def from_config(cls, config):
        autoencoder = keras.saving.deserialize_keras_object(config["autoencoder"])
        return cls(**{**config, "autoencoder": autoencoder})
