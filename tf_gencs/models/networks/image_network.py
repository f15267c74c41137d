"""A network of images that one can train by itself; with tf_gencs it looks at them."""

import keras

if __package__.startswith("tf_gencs."):
    from .tensorflow_image_network import ImageNetwork
else:  # standing alone
    ImageNetwork = keras.Model

__all__ = ["ImageNetwork"]
