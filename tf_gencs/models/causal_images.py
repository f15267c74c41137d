"""What models of images that a causal model of labels stands behind share."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.causal import CausalController, label_data
from tf_gencs.models.counterfactuals import Counterfactuals
from tf_gencs.models.fixed_latents import FixedLatents
from tf_gencs.models.generative_model import GenerativeModel
from tf_gencs.models.label_columns import LabelColumns
from tf_gencs.models.latent_travel.draws import draw
from tf_gencs.models.noisy_images import noisy_images
from tf_gencs.models.replicas import own_stream

# The noise with which a face is explained is that much larger than draws, at most.
_FAR = 2.5


class CausalImages(Counterfactuals):
    """Mixin of `AdversarialModel`s whose generator takes noise and labels.

    Latents z are (batch, noise_dim + columns): noise from the latent prior, then a
    logit for each column of the labels, in the order of the controller's nodes. A
    binary label is one column, whose logit is -0.85 for 0 and 0.85 for 1; one of k > 2
    states is k columns, of which its own is 0.85 and the others are -0.85. `latents`
    makes them and `split_latents` reads them. `recover` searches all of z; under fixed
    labels, `with_labels({...})` recovers.

    A subclass calls `_set_causes` when it is made, and has `labeler`, a Keras model
    from images to logits (batch, columns).

    Attributes:
        controller: `CausalController`, trained before; it stays as it is while images
            train.
        noise_dim: numbers of noise.
        columns: `LabelColumns`, how labels stand in z.
        labeler: Keras model x -> logits of the labels, (batch, columns).
    """

    noisy_labels = True  # whether labels come with noise in training
    preset_parts = ("generator", "controller", "labeler")

    @staticmethod
    def _columns_of(controller):
        if not isinstance(controller, CausalController):
            raise TypeError(
                "`controller` must be a `gencs.causal.CausalController`, trained on "
                f"labels. Received: {controller!r}"
            )
        return LabelColumns(controller.states)

    def _set_causes(self, controller, noise_dim, columns, labeler):
        self.controller, self.labeler = controller, labeler
        self.noise_dim, self.columns = noise_dim, columns

    def sample(self, n, do=None, given=None, seed=None):
        """Draws labels, after interventions and under conditions, and images of them.

        Args:
            n: how many.
            do, given: as for `CausalController.sample`, which says what they mean.
            seed: integer; None draws one. The same `n` and seed under another `do` is
                the same noise of labels and images.

        Returns:
            Images as an array (n, *signal_shape), and a dict from nodes to int32 arrays
            (n,), the labels that the images were asked for.

        Raises:
            TypeError, ValueError: as `CausalController.sample`.
        """
        seed = seeds.resolve(seed)
        labels = self.controller.sample(n, do, given, seed)
        z = self.latents(self.draw_noise(n, seed), labels)
        return self.generate(z=z), labels

    def draw_noise(self, n, seed=None, stream="generate", truncation=None):
        """Noise as the latent prior has it, an array (n, noise_dim)."""
        shape = (checks.integer(n, "n", at_least=0), self.noise_dim)
        return draw(self.latent_prior, shape, seed, truncation, stream)

    def draw_z(self, n, seed=None, stream="generate", truncation=None):
        """Latents of what was observed: noise, and labels as the controller draws them.

        Args and errors: as for `LatentTravel.draw_z`.
        """
        seed = seeds.resolve(seed)
        noise = self.draw_noise(n, seed, stream, truncation)
        return self.latents(noise, self.controller.sample(n, seed=seed))

    def latents(self, noise, labels):
        """Latents z of noise and labels.

        Args:
            noise: array (n, noise_dim).
            labels: dict of arrays (n,) of states, of all nodes, or a DataFrame. Of a
                binary node, numbers in [0, 1] serve too: 1/2 is neither.

        Returns:
            Array (n, latent_dim).

        Raises:
            TypeError, ValueError: naming the argument that is wrong.
        """
        noise = checks.float_array(noise, "noise", (self.noise_dim,))
        graph = self.controller.graph
        label_data.check_named(labels, graph, "labels")
        columns = self.columns.of(labels)
        if len(columns) != len(noise):
            raise ValueError(
                "`labels` must have as many rows as `noise`. "
                f"Received: {len(columns)} and {len(noise)}"
            )
        logits = self.columns.logits(columns).astype(noise.dtype)
        return keras.ops.convert_to_numpy(tf.concat([noise, logits], axis=1))

    def split_latents(self, z):
        """Noise (n, noise_dim) and labels, a dict of int32 arrays (n,), of latents z.

        Labels are the likeliest: of a binary node 1 where its logit is above 0.
        """
        z = checks.float_array(z, "z", (self.latent_dim,))
        noise, logits = z[:, : self.noise_dim], z[:, self.noise_dim :]
        return noise, self.columns.labels(logits + 0.5)

    def with_labels(self, labels):
        """A model of images with some labels fixed, which recovers among those alone.

        Args:
            labels: dict from nodes to a state; of a binary node any number in [0, 1].

        Returns:
            `GenerativeModel` with this generator. Its latents are the others in their
            order: noise, then logits of labels that are not fixed.

        Raises:
            ValueError: a node that is not there, or a state that it does not have.
        """
        rows = {}
        for name, value in labels.items():
            self.controller.graph.check_name(name, "labels")
            rows[name] = [value]
        fixed = {}
        places = self.columns.places()
        for name, row in rows.items():
            logits = self.columns.logits(self.columns.of({name: row}))[0]
            place = places[name]
            for i, logit in zip(range(place.start, place.stop), logits, strict=True):
                fixed[self.noise_dim + i] = float(logit)
        insert = FixedLatents(fixed, self.latent_dim, dtype=self.dtype_policy)
        z = keras.Input(
            (self.latent_dim - len(fixed),), name="z", dtype=self.recovery_dtype
        )
        generator = keras.Model(z, self.generator(insert(z)), name="generator")
        return GenerativeModel(
            generator,
            latent_prior=self.latent_prior,
            value_range=self.value_range,
            dtype=self.dtype_policy,
        )

    def draw_latents(self, real, *when, purpose="training"):
        """Latents for training, as many as images: noise and noisy labels."""
        count = tf.shape(self.images_of(real))[0]
        stream = own_stream(seeds.at_step(seeds.stream(self.seed, purpose), *when))
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

    def set_one_label(self, z, *when):
        """Latents of which one label each is another, for training: as `do` would.

        Their noise is up to `_FAR` times as large as drawn, as what `abduct` finds is:
        there too a label that was set must change no other.
        """
        stream = seeds.at_step(seeds.stream(self.seed, "intervention"), *when)
        stream = own_stream(stream)
        noise, logits = tf.split(z, [self.noise_dim, self.columns.count], axis=1)
        how_far = tf.random.stateless_uniform(
            (tf.shape(z)[0], 1), seeds.at_step(stream, 0), 1, _FAR, z.dtype
        )
        logits = self.columns.intervened(logits, seeds.at_step(stream, 1))
        return tf.concat([how_far * noise, logits], axis=1)

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
        x, y = self._with_names(x, y, label_names)
        self._check(x, "x")
        if not isinstance(x, tf.data.Dataset):
            x = tf.data.Dataset.from_tensor_slices((x, y))
            x = x.shuffle(len(x), seed=self.seed).batch(batch_size)
        # A copy, so that the model does not keep the optimizer of this; a plain one,
        # which does not mind the range of noisy images.
        plain = keras.Model(self.labeler.input, self.labeler.output)
        network = keras.models.clone_model(plain)
        network.set_weights(plain.get_weights())
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        network.compile(keras.optimizers.Adam(1e-3), loss)
        pairs = x.enumerate().map(
            lambda step, pair: (
                noisy_images(pair[0], noise, self.seed, step),
                self.label_columns(pair[1]),
            )
        )
        history = network.fit(pairs, epochs=epochs, shuffle=False, verbose=verbose)
        self.labeler.set_weights(network.get_weights())
        return history

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
        x, y = self._with_names(x, y, label_names)
        held_out = kwargs.get("validation_data")
        if held_out is not None:
            pair = isinstance(held_out, (tuple, list)) and len(held_out) == 2
            own = self._with_names(
                *(held_out if pair else (held_out, None)), label_names
            )
            kwargs["validation_data"] = own if pair else own[0]
        return super().fit(x, y, *args, **kwargs)

    def evaluate(self, x=None, y=None, *args, label_names=None, **kwargs):
        """Measures losses on images and their labels; see `fit`."""
        x, y = self._with_names(x, y, label_names)
        return super().evaluate(x, y, *args, **kwargs)

    def _with_names(self, x, y, label_names):
        graph, states = self.controller.graph, self.controller.states
        if isinstance(x, tf.data.Dataset):
            return label_data.named_pairs(x, graph, label_names), None
        return x, label_data.named_columns(y, graph, states, label_names)

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

    def get_config(self):
        config = super().get_config()
        del config["latent_dim"]  # follows from the noise and the labels
        controller = keras.saving.serialize_keras_object(self.controller)
        # How it was trained is its own affair: here it stays as it is.
        controller.pop("compile_config", None)
        return {**config, "controller": controller, "noise_dim": self.noise_dim}

    @classmethod
    def from_config(cls, config):
        controller = config["controller"]
        if isinstance(controller, dict):
            controller = keras.saving.deserialize_keras_object(controller)
        return super().from_config({**config, "controller": controller})
