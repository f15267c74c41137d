"""What models of images that a causal model of labels stands behind share."""

from collections.abc import Mapping

import keras
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.array_checks import short
from tf_gencs.causal import CausalController, label_data
from tf_gencs.models.counterfactuals import Counterfactuals
from tf_gencs.models.fixed_latents import FixedLatents
from tf_gencs.models.generative_model import GenerativeModel
from tf_gencs.models.label_columns import LabelColumns
from tf_gencs.models.latent_travel.draws import draw
from tf_gencs.models.learns_labels import LearnsLabels
from tf_gencs.models.networks import labeler
from tf_gencs.models.sample_signature import sample_signature


class CausalImages(LearnsLabels, Counterfactuals):
    """Mixin of `AdversarialModel`s whose generator takes noise and labels.

    Latents z are (batch, noise_dim + columns): noise from the latent prior, then a
    logit for each column of the labels, in the order of the controller's nodes. A
    binary label is one column, whose logit is -0.85 for 0 and 0.85 for 1; one of k > 2
    states is k columns, of which its own is 0.85 and the others are -0.85. `latents`
    makes them and `split_latents` reads them. `recover` searches all of z; under fixed
    labels, `with_labels({...})` recovers.

    A subclass calls `_set_causes` when it is made, and sets `labeler`, a Keras model
    from images to logits (batch, columns), such as `_new_labeler` makes.

    Attributes:
        controller: `CausalController`, trained before; it stays as it is while images
            train.
        noise_dim: numbers of noise.
        columns: `LabelColumns`, how labels stand in z.
        labeler: Keras model x -> logits of the labels, (batch, columns).
    """

    preset_parts = ("generator", "controller", "labeler")
    trained_for = (*GenerativeModel.trained_for, "controller")

    @staticmethod
    def _columns_of(controller, others=()):
        """`LabelColumns` of a controller; `others` are what else a family was given."""
        if not isinstance(controller, CausalController):
            raise TypeError(
                "`controller` must be a `gencs.causal.CausalController`, trained on "
                f"labels. Received: {controller!r}"
            )
        if "latent_dim" in others:
            raise TypeError(
                "`latent_dim` must be left out: it is `noise_dim` and the columns of "
                f"the labels. Received: {others['latent_dim']!r}"
            )
        return LabelColumns(controller.states)

    def _set_causes(self, controller, noise_dim, columns):
        self.controller = controller
        self.noise_dim, self.columns = noise_dim, columns

    def _new_labeler(self, name):
        """A network that reads labels off images, of width `labeler_width`."""
        return labeler(
            self.signal_shape,
            self.columns.count,
            self.labeler_width,
            self.value_range,
            dtype=self.dtype_policy,
            seed=self.seed,
            name=name,
        )

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

    def served_signatures(self):
        return {**super().served_signatures(), "sample": sample_signature(self)}

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
        label_data.check_nodes(labels, graph, "labels")
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
        return noise, self.columns.likeliest(logits)

    def with_labels(self, labels):
        """A model of images with some labels fixed, which recovers among those alone.

        Args:
            labels: dict from nodes to a state; of a binary node any number in [0, 1].

        Returns:
            `GenerativeModel` with this generator. Its latents are the others in their
            order: noise, then logits of labels that are not fixed.

        Raises:
            TypeError: no dict.
            ValueError: a node that is not there, or a state that it does not have.
        """
        if not isinstance(labels, Mapping):
            raise TypeError(
                "`labels` must be a dict from nodes to a state, {'Male': 1} say. "
                f"Received: {short(labels)}"
            )
        fixed, places = {}, self.columns.places()
        for name, value in labels.items():
            self.controller.graph.check_name(name, "labels", labels)
            logits = self.columns.logits(self.columns.one(name, value))
            for i, logit in enumerate(logits, self.noise_dim + places[name].start):
                fixed[i] = float(logit)
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
