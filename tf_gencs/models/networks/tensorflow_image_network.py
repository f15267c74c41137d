"""A network of images that one can train by itself."""

import keras

from tf_gencs.models.trains_on_images import TrainsOnImages


@keras.saving.register_keras_serializable(package="tf_gencs")
class ImageNetwork(TrainsOnImages, keras.Model):
    """A functional Keras model whose `fit` and `evaluate` look at the images.

    Args:
        *args, **kwargs: as for a functional `keras.Model`.

    Attributes:
        value_range: (low, high) of the images; None, as after loading, if unknown.
    """

    value_range = None

    @property
    def signal_shape(self):
        return self.input_shape[1:]

    def train_step(self, data):
        self.take_images(data, training=True)
        return super().train_step(data)

    def test_step(self, data):
        self.take_images(data, training=False)
        return super().test_step(data)
