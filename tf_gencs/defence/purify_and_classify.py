"""A classifier behind something that purifies its images."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks


class PurifyAndClassify(keras.Model):
    """Base of defences that change an image before a classifier sees it.

    A subclass implements `purify`. Its gradient is BPDA's: backward, purification is
    `backwards[0]`, the identity if nothing else is said. So whatever attacks a Keras
    model, foolbox for one, meets a gradient that is useful, not one that is 0 because
    purification has none. A defence that hides its gradient is not more robust.

    Args:
        classifier: Keras model or layer, images -> logits (batch, classes).
        **kwargs: `name`.

    Call:
        images (batch, ...) -> logits (batch, classes).

    Attributes:
        classifier: see above.
        backwards: names of what may stand in for the derivative of `purify`.
        value_range: (low, high) of the images, or None.

    Example:

    ```python
    class Rounded(gencs.defence.PurifyAndClassify):
        def purify(self, x):
            return tf.round(x)  # black or white

    defence = Rounded(classifier)
    gencs.defence.bpda(defence, images, labels, eps=4.0, seed=0).accuracy  # 0
    ```
    """

    backwards = ("identity",)
    value_range = None

    def __init__(self, classifier, **kwargs):
        super().__init__(**kwargs)
        self.classifier = classifier

    def purify(self, x):
        """Images without what an attacker added: (batch, ...) -> the same shape."""
        raise NotImplementedError

    def differentiable(self, x, backward=None):
        """`purify(x)`, with a gradient in x that stands in for its own.

        Args:
            x: images, a tensor.
            backward: one of `backwards`; None for the first. A subclass that has others
                than "identity" says here what they are.

        Raises:
            ValueError: it is another.
        """
        checks.choice(backward or self.backwards[0], "backward", ("identity",))
        purified = tf.stop_gradient(tf.cast(self.purify(x), x.dtype))
        return purified + (x - tf.stop_gradient(x))  # plus 0, with a gradient

    @property
    def rejecting(self):
        """Whether any image may be refused: whether `excess` is ever a number."""
        return False

    def excess(self, x, purified):
        """By how much each image exceeds what is accepted: (batch,), None if not
        `rejecting`.

        Above 0 an image is rejected. Its derivative is that with `purified` held.
        """
        return None

    def call(self, x, training=None):
        return self.classifier(self.differentiable(x), training=False)

    def rejects(self, images):
        """Which images are refused: bool (batch,)."""
        x = tf.convert_to_tensor(images)
        if not self.rejecting:
            return np.zeros(len(x), bool)
        return (self.excess(x, self.purify(x)) > 0).numpy()

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {**super().get_config(), "classifier": serialize(self.classifier)}

    @classmethod
    def from_config(cls, config):
        networks = {
            name: keras.saving.deserialize_keras_object(value)
            for name, value in config.items()
            if isinstance(value, dict) and "class_name" in value
        }
        return cls(**{**config, **networks})
