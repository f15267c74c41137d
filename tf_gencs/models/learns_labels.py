"""`fit` of causal models of images: labels by name, beside the images."""

import warnings
from collections.abc import Mapping

import keras
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.array_checks import short
from tf_gencs.causal import label_data
from tf_gencs.models.noisy_images import NoisyImages
from tf_gencs.models.replicas import draw_rows
from tf_gencs.models.trains_on_images import check_images_alone


class LearnsLabels:
    """The part of causal models of images that trains, on images and labels by name.

    The class it is mixed into is an `AdversarialModel` with `controller`, `labeler`,
    `columns` and `noise_dim`.
    """

    noisy_labels = True  # whether labels come with noise in training

    def draw_latents(self, real, *when, purpose="training"):
        """Latents for training, as many as images: noise and noisy labels."""
        stream = seeds.at_step(seeds.stream(self.seed, purpose), *when)
        count = tf.shape(self.images_of(real))[0]
        return draw_rows(lambda count: self._draw_latents(count, stream), count)

    def _draw_latents(self, count, stream):
        dtype = self.recovery_dtype
        noise = self.latent_prior.draw((count, self.noise_dim), stream, dtype)
        states = self.controller.draw(count, seeds.at_step(stream, 1))
        columns = self.columns.of_states(states)
        columns = tf.cast(columns, dtype)
        if self.noisy_labels:
            logits = self.columns.noisy_logits(columns, seeds.at_step(stream, 2))
        else:
            logits = self.columns.logits_of(columns)
        return tf.concat([noise, logits], axis=1)

    def fit_labeler(
        self,
        x,
        y=None,
        *,
        label_names=None,
        batch_size=32,
        noise=0.0,
        epochs=1,
        verbose="auto",
    ):
        """Trains the labeler alone, by Adam(1e-3), which takes minutes.

        Args:
            x, y, label_names: as for `fit`.
            batch_size: images of a step; a dataset has its own.
            noise: as `labeler_noise` of `compile`.
            epochs, verbose: as for `keras.Model.fit`.

        Returns:
            `keras.callbacks.History` with the "loss", a cross-entropy.

        Raises:
            TypeError, ValueError: as `fit`.
        """
        noise = checks.number(noise, "noise", at_least=0)
        batch_size = checks.integer(batch_size, "batch_size")
        epochs = checks.integer(epochs, "epochs", at_least=0)
        check_images_alone(x)
        x, y = self._with_names(x, y, label_names)
        self._check(x, "x", now=True)
        if not isinstance(x, tf.data.Dataset):
            x = tf.data.Dataset.from_tensor_slices((x, y))
            x = x.shuffle(len(x), seed=self.seed).batch(batch_size)
        # A copy, so that the model does not keep the optimizer of this; of plain
        # layers, which do not mind the range of noisy images.
        plain = keras.Model(self.labeler.input, self.labeler.output)
        reader = keras.models.clone_model(plain)
        reader.set_weights(plain.get_weights())
        network = keras.Sequential([NoisyImages(noise, self.seed), reader])
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        network.compile(keras.optimizers.Adam(1e-3), loss)
        pairs = x.map(lambda x, y: (self._in_range(x), self.label_columns(y)))
        with label_data.said_plainly():
            history = network.fit(pairs, epochs=epochs, shuffle=False, verbose=verbose)
        self.labeler.set_weights(reader.get_weights())
        return history

    def _in_range(self, images):
        """Floating-point images of a dataset; an error when some are out of range."""
        if not images.dtype.is_floating:
            images = tf.cast(images, tf.float32)
        low, high = self.value_range
        reach = self.tolerated * (high - low)
        ends = tf.stack([tf.reduce_min(images), tf.reduce_max(images)])
        fits = (ends[0] >= low - reach) & (ends[1] <= high + reach)  # NaN does not
        said = (
            f"`x` must be in range, the `value_range` ({low:g}, {high:g}): scale the "
            "images. Received:"
        )
        assertion = tf.debugging.Assert(fits, [said, ends])
        with tf.control_dependencies([] if assertion is None else [assertion]):
            return tf.identity(images)

    def fit(self, x=None, y=None, *args, label_names=None, **kwargs):
        """Trains on images and their labels; see `keras.Model.fit`.

        Args:
            x: images (batch, *signal_shape) in `value_range`; or a batched
                `tf.data.Dataset` of pairs (images, labels).
            y: labels by name, a dict of arrays (batch,) or a DataFrame, with a column
                for each node of the controller; None where x has them.
            label_names: names of the columns where labels are arrays (batch, columns),
                as those of `gencs.datasets.face_avatars`.
            *args, **kwargs: as for `keras.Model.fit`.

        Raises:
            TypeError: no labels, or labels without names.
            ValueError: images of another shape, labels that lack a node, or states that
                a node does not have.
        """
        check_images_alone(x)
        x, y = self._with_names(x, y, label_names)
        held_out = kwargs.get("validation_data")
        if held_out is not None:
            pair = isinstance(held_out, (tuple, list)) and len(held_out) == 2
            own = self._with_names(
                *(held_out if pair else (held_out, None)),
                label_names,
                *("validation_data", "validation_data"),
            )
            kwargs["validation_data"] = own if pair else own[0]
        if not tf.convert_to_tensor(self.controller.training_steps).numpy():
            warnings.warn(
                "`controller` was never trained: images will be made for labels that "
                "are not as in the data. `controller.fit(labels)` before mends it.",
                stacklevel=2,
            )
        with label_data.said_plainly():
            return super().fit(x, y, *args, **kwargs)

    def evaluate(self, x=None, y=None, *args, label_names=None, **kwargs):
        """Measures losses on images and their labels; see `fit`."""
        check_images_alone(x)
        x, y = self._with_names(x, y, label_names)
        with label_data.said_plainly():
            return super().evaluate(x, y, *args, **kwargs)

    def train_on_batch(self, *args, **kwargs):
        with label_data.said_plainly():
            return super().train_on_batch(*args, **kwargs)

    def test_on_batch(self, *args, **kwargs):
        with label_data.said_plainly():
            return super().test_on_batch(*args, **kwargs)

    def _with_names(self, x, y, label_names, of_x="x", of_y="y"):
        """Images and checked dicts of labels; the last are names of the arguments."""
        graph, states = self.controller.graph, self.controller.states
        if isinstance(x, tf.data.Dataset):
            if y is not None:
                raise ValueError(
                    f"`{of_y}` must be None where `{of_x}` is a dataset, which has "
                    "labels beside its images: `tf.data.Dataset.zip(images, labels)` "
                    f"makes one of two. Received: {short(y)}"
                )
            return label_data.named_pairs(x, graph, label_names, of_x), None
        if not hasattr(x, "shape"):
            raise TypeError(
                f"`{of_x}` must be an array of images, or a `tf.data.Dataset` of "
                "images and labels, which `tf.data.Dataset.from_generator` makes of a "
                f"generator. Received: {short(x)}"
            )
        named = label_data.named_columns(y, graph, states, label_names, of_y)
        rows = len(next(iter(named.values())))
        if rows != x.shape[0]:
            raise ValueError(
                f"`{of_y}` must hold labels of as many images as `{of_x}`, "
                f"{x.shape[0]}. Received: {rows}"
            )
        return x, named

    def training_batch(self, data, training):
        """Images and columns of labels of a batch."""
        images = super().training_batch(data, training)
        _, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        if not isinstance(y, Mapping):
            raise TypeError(
                f"`y` must be a dict of labels: a {type(self).__name__} learns from "
                f"images and what is known of them. Received: {type(y).__name__}"
            )
        return images, self.label_columns(y)

    def images_of(self, real):
        return real[0]

    def label_columns(self, labels):
        """Columns (batch, columns) of a dict of tensors (batch,), inside of graphs."""
        graph, states = self.controller.graph, self.controller.states
        return self.columns.of_states(label_data.stack(labels, graph, states))
