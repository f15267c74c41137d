"""`fit` and `evaluate` that look at the images they are given."""

import types

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, keras_arguments, pixels
from tf_gencs.models.image_checks import check_image_kind, check_image_shape
from tf_gencs.models.replicas import gathered
from tf_gencs.models.replicated_fit import FitsOnReplicas

_LOOKED_AT = 256  # images of an array


class TrainsOnImages(FitsOnReplicas):
    """Mixin of Keras models whose `fit` and `evaluate` check shape and range of images.

    A subclass has `signal_shape` and `value_range`, and passes each batch through
    `take_images` in its `train_step` and `test_step`.

    The range is seen in the graph, as the least and the largest pixel since training
    began: that takes next to no time, whatever kind of data the images come from, while
    a look beforehand would take from a generator or fill a shuffle buffer. It is judged
    after the first batch and after each epoch.

    What is refused has not trained: of such a batch, `take_images` gives flat images.

    Attributes:
        tolerated: share of the range's width that pixels may leave it by with a mere
            warning, as noise and sharp resizing do; beyond that they are refused.
    """

    tolerated = pixels.LOOSE

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._seen_training, self._seen_testing = PixelRange(), PixelRange()

    def fit(self, x=None, *args, callbacks=None, validation_data=None, **kwargs):
        """Trains on images; see `keras.Model.fit`.

        Args:
            x: images (batch, *signal_shape) in `value_range`, as an array or a batched
                `tf.data.Dataset`.
            *args: as for `keras.Model.fit`.
            callbacks: a Keras callback or a list of them.
            validation_data: images likewise.
            **kwargs: as for `keras.Model.fit`.

        Raises:
            TypeError: no images, or a tuple, list or dict of arrays; an iterator;
                masked or complex images.
            ValueError: images of another shape, or none; or far out of `value_range`:
                by a quarter of its width, for a `VAE` by a hundredth.

        Warns if pixels leave `value_range` by less or use its upper half alone.
        """
        check_images_alone(x)
        _check_counts(kwargs)
        self._check(x, "x")
        if validation_data is not None:
            self._check(validation_data, "validation_data")
        return super().fit(
            x,
            *args,
            callbacks=self._watched(callbacks),
            validation_data=validation_data,
            **kwargs,
        )

    def evaluate(self, x=None, *args, callbacks=None, **kwargs):
        """Measures losses on images; see `keras.Model.evaluate`.

        Args, errors and warnings: as for `fit`.
        """
        check_images_alone(x)
        _check_counts(kwargs)
        self._check(x, "x")
        return super().evaluate(x, *args, callbacks=self._watched(callbacks), **kwargs)

    def train_on_batch(self, x, *args, **kwargs):
        self._check(x, "x", now=True)
        return super().train_on_batch(x, *args, **kwargs)

    def test_on_batch(self, x, *args, **kwargs):
        self._check(x, "x", now=True)
        return super().test_on_batch(x, *args, **kwargs)

    def take_images(self, data, training):
        """Looks at the images of a batch, with labels or without.

        Returns:
            Floating-point images, and whether their range does: 1 or 0. With 0, all
            have the middle of the range: what is about to be refused spoils nothing.
        """
        x = keras_arguments.images_of(data, type(self).__name__)
        check_image_kind(x)
        check_image_shape(x, self.signal_shape)
        x = tf.convert_to_tensor(x)
        if not x.dtype.is_floating:
            x = tf.cast(x, tf.float32)
        ends = (self._seen_training if training else self._seen_testing).see(x)
        if self.value_range is None:
            return x, True
        low, high = self.value_range
        reach = self.tolerated * (high - low)
        fits = (ends[0] >= low - reach) & (ends[1] <= high + reach)  # NaN does not
        return tf.where(fits, x, tf.cast(0.5 * (low + high), x.dtype)), fits

    def _check(self, images, argument, now=False):
        check_image_kind(images, argument)
        check_image_shape(images, self.signal_shape, argument)
        while isinstance(images, (tuple, list)) and images:
            images = images[0]
        if isinstance(images, (np.ndarray, tf.Tensor)) and np.size(images):
            some = np.asarray(images[:_LOOKED_AT])
            ends = float(np.min(some)), float(np.max(some))
            pixels.judge(
                *ends,
                self.value_range,
                f"`{argument}`",
                self.tolerated,
                quiet=not now,  # else the first batch will tell
                stacklevel=4,
            )

    def _watched(self, callbacks):
        watch = _Watch(self)
        if isinstance(callbacks, keras.callbacks.CallbackList):
            # The validation of a `fit` has those of the `fit`.
            if not any(isinstance(each, _Watch) for each in callbacks.callbacks):
                callbacks.append(watch)
            return callbacks
        given = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
        return [*(each for each in given if each is not None), watch]


def check_images_alone(x):
    """Refuses what Keras would take for several inputs, or for nothing to do."""
    if x is None or isinstance(x, (tuple, list, dict)):
        received = "None" if x is None else f"a {type(x).__name__} of {len(x)}"
        raise TypeError(
            "`x` must be an array of images, or a dataset, which may have labels "
            "beside them: images are all that is learned from. "
            f"Received: {received}"
        )
    if hasattr(x, "__next__") and not isinstance(x, types.GeneratorType):
        raise TypeError(
            "`x` must be an array of images, or a dataset itself, of which each epoch "
            f"takes an iterator. Received: {type(x).__name__}"
        )
    if getattr(x, "shape", None) is not None and len(x.shape) and x.shape[0] == 0:
        raise ValueError(f"`x` must hold images. Received: shape {tuple(x.shape)}")


def _check_counts(kwargs):
    """Refuses numbers with which Keras fails in its own words, or trains nothing."""
    for name, least in (("batch_size", 1), ("epochs", 0), ("steps_per_epoch", 1)):
        if kwargs.get(name) is not None:
            checks.integer(kwargs[name], name, at_least=least)


class PixelRange:
    """The least and the largest pixel seen since it was last asked to forget."""

    def __init__(self):
        self._extremes = tf.Variable(
            [np.inf, -np.inf],
            trainable=False,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )

    def forget(self):
        self._extremes.assign([np.inf, -np.inf])

    def see(self, images):
        """Takes a batch, inside of graphs too, and gives its own least and largest."""
        ends = tf.stack([tf.reduce_min(images), tf.reduce_max(images)])
        # The negative of the largest is the least, which NaN wins in either.
        sign = tf.constant([1.0, -1.0])
        ends = tf.reduce_min(gathered(tf.cast(ends, tf.float32) * sign), axis=0)
        before = tf.convert_to_tensor(self._extremes) * sign
        self._extremes.assign(tf.minimum(before, ends) * sign)
        return ends * sign

    def ends(self):
        return tf.convert_to_tensor(self._extremes).numpy().tolist()


class _Watch(keras.callbacks.Callback):
    """Judges, once each, the images of training and those of testing."""

    def __init__(self, trained):
        super().__init__()
        self._ranges = {"train": trained._seen_training, "test": trained._seen_testing}
        self._trained, self._said = trained, set()
        self._awaited = set()  # kinds of which no batch was judged yet

    def on_train_begin(self, logs=None):
        self._begin("train")

    def on_train_batch_end(self, batch, logs=None):
        if "train" in self._awaited:
            self._judge("train")

    def on_epoch_end(self, epoch, logs=None):
        self._judge("train")

    def on_test_begin(self, logs=None):
        self._begin("test")

    def on_test_batch_end(self, batch, logs=None):
        if "test" in self._awaited:
            self._judge("test")

    def on_test_end(self, logs=None):
        self._judge("test")

    def _begin(self, kind):
        self._ranges[kind].forget()
        self._awaited.add(kind)

    def _judge(self, kind):
        self._awaited.discard(kind)
        ends = self._ranges[kind].ends()
        if ends[0] > ends[1]:
            return
        trained = self._trained
        judged = (*ends, trained.value_range, "The images", trained.tolerated)
        if pixels.judge(*judged, quiet=kind in self._said):
            self._said.add(kind)
