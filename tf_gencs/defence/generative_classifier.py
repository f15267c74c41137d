"""Analysis by synthesis: the class whose generative model explains an image best."""

import json
import math
import pathlib

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks, files, seeds
from tf_gencs.defence import arguments
from tf_gencs.models.given import generative
from tf_gencs.shipped import CONFIG, Shipped, read_weights, write

shipped = Shipped(
    pathlib.Path(__file__).parent / "shipped",
    "preset",
    "a folder that `save_to_preset` wrote",
)


@keras.saving.register_keras_serializable(package="tf_gencs")
class GenerativeClassifier(keras.Model):
    """One generative model for each class; the one that explains an image best wins.

    For each class z is searched that explains x best; the logit is the logarithm of
    what is then as likely as it gets, up to a constant:

        -||x - G_c(z)||^2 / (2 s^2) - ||z||^2 / 2

    Its gradient in x is the true one, that of the logit with z held where it is best:
    attacks that follow gradients meet nothing in their way.

    Args:
        models: list of `gencs.models.GenerativeModel`, one a class in the order of the
            labels, or dict from labels 0, 1, ... to them; of the same signals, with a
            normal prior.
        noise: s, the standard deviation of what G misses of a value; None for the root
            of the models' mean `representation_error`. Larger where what it misses of
            neighbours is alike, which tells less.
        draws: of the prior, the best of which z starts from.
        steps: of Adam.
        learning_rate: in latent units.
        seed: of the draws, which are the same for every image.
        **kwargs: `name`.

    Call:
        images (batch, *signal_shape) -> logits (batch, classes).

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Example:

    ```python
    models = [vae_of_zeros, vae_of_ones]       # `gencs.models.VAE`, each of its class
    classifier = gencs.defence.GenerativeClassifier(models, noise=0.2)
    logits = classifier(images)
    ```

    Source: Schott, Rauber, Bethge and Brendel, "Towards the first adversarially robust
    neural network model on MNIST", ICLR 2019.
    """

    def __init__(
        self,
        models,
        noise=None,
        draws=1000,
        steps=50,
        learning_rate=0.05,
        seed=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.models = _checked(models)
        if noise is None:
            errors = [model.representation_error for model in self.models]
            if None in errors:
                raise ValueError(
                    "`noise` must be given where a model does not know its "
                    "`representation_error`; `measure_representation_error` finds it. "
                    "Received: None"
                )
            noise = math.sqrt(np.mean(errors))
        self.noise = checks.number(noise, "noise", above=0)
        self.draws = checks.integer(draws, "draws")
        self.steps = checks.integer(steps, "steps", at_least=0)
        self.learning_rate = checks.number(learning_rate, "learning_rate", above=0)
        self.seed = seeds.resolve(seed)
        self.signal_shape = self.models[0].signal_shape
        self.value_range = self.models[0].value_range
        self.built = True

    def call(self, x, training=None):
        x = tf.convert_to_tensor(x)
        arguments.fitting(x, self.models[0])
        z = self.explain(tf.stop_gradient(x))
        parts = zip(self.models, z, strict=True)
        return tf.stack([-self._cost(model, z, x) for model, z in parts], axis=1)

    def explain(self, x):
        """The latents that explain images best: a list of (batch, k), one a class."""
        x = tf.cast(x, "float32")
        starts = [self._start(model, x) for model in self.models]
        beta, beta_square = 0.9, 0.999

        def step(i, z, mean, square):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(z)
                costs = [
                    tf.reduce_sum(self._cost(model, part, x))
                    for model, part in zip(self.models, z, strict=True)
                ]
                # Each z is of its own cost: the gradient of the sum has all of them.
                total = tf.add_n(costs)
            gradient = tape.gradient(total, z)
            t = tf.cast(i + 1, "float32")
            mean = [
                beta * m + (1 - beta) * g for m, g in zip(mean, gradient, strict=True)
            ]
            square = [
                beta_square * s + (1 - beta_square) * tf.square(g)
                for s, g in zip(square, gradient, strict=True)
            ]
            # To ever shorter steps: the end is the least, not a dance around it.
            rate = self.learning_rate * (1 - tf.cast(i, "float32") / self.steps)
            rate *= tf.sqrt(1 - beta_square**t) / (1 - beta**t)
            z = [
                part - rate * m / (tf.sqrt(s) + 1e-8)
                for part, m, s in zip(z, mean, square, strict=True)
            ]
            return i + 1, z, mean, square

        zeros = [tf.zeros_like(z) for z in starts]
        _, z, _, _ = tf.while_loop(
            lambda i, *_: i < self.steps,
            step,
            (0, starts, zeros, [tf.zeros_like(z) for z in starts]),
        )
        return [tf.stop_gradient(part) for part in z]

    def _start(self, model, x):
        """The best of the draws of the prior: (batch, k)."""
        stream = seeds.stream(self.seed, "generative classifier")
        z = tf.random.stateless_normal((self.draws, model.latent_dim), stream)
        rows = tf.reshape(model(z, training=False), (self.draws, -1))
        flat = tf.reshape(x, (-1, rows.shape[1]))
        cost = tf.reduce_sum(rows**2, axis=1) - 2 * tf.matmul(
            flat, rows, transpose_b=True
        )
        cost = cost / (2 * self.noise**2) + tf.reduce_sum(z**2, axis=1) / 2
        return tf.gather(z, tf.argmin(cost, axis=1))

    def _cost(self, model, z, x):
        axes = list(range(1, x.shape.rank))
        seen = tf.cast(model(z, training=False), x.dtype)
        missed = tf.reduce_sum(tf.square(x - seen), axes)
        length = tf.cast(tf.reduce_sum(tf.square(z), axis=1), x.dtype)
        return missed / (2 * self.noise**2) + length / 2

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "models": [serialize(model) for model in self.models],
            "noise": self.noise,
            "draws": self.draws,
            "steps": self.steps,
            "learning_rate": self.learning_rate,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        models = [
            keras.saving.deserialize_keras_object(model) for model in config["models"]
        ]
        return cls(**{**config, "models": models})

    @classmethod
    def from_preset(cls, preset):
        """Loads one that `save_to_preset` wrote.

        `scripts/train_generative_classifier` writes one of ten digits.

        Args:
            preset: the folder.

        Raises:
            TypeError, ValueError: nothing is there, or it is damaged.
        """
        folder = shipped.folder(preset)
        try:
            model = cls.from_config(json.loads((folder / CONFIG).read_text()))
            model.set_weights(read_weights(folder, "`preset`"))
        except (OSError, KeyError, ValueError, json.JSONDecodeError) as error:
            raise ValueError(f"`preset` is damaged: {folder}") from error
        return model

    def save_to_preset(self, path, record=None):
        """Writes a folder that `from_preset` loads, with weights in float16.

        Args:
            path: folder, made if need be.
            record: dict on how it was made, that JSON can hold.
        """
        write(files.folder_to_write(path, "path"), self, record or {})


def _checked(models):
    if isinstance(models, dict):
        if sorted(models) != list(range(len(models))):
            raise ValueError(
                "`models` must be of the labels 0, 1, ... without gaps. "
                f"Received: {sorted(models)}"
            )
        models = [models[label] for label in range(len(models))]
    models = list(models)
    if len(models) < 2:
        raise ValueError(
            f"`models` must be of two classes or more. Received: {len(models)}"
        )
    for model in models:
        arguments.standard_normal(generative(model, "models"), "models")
    told = {(model.signal_shape, model.value_range) for model in models}
    if len(told) > 1:
        raise ValueError(
            "`models` must be of the same signals, shape and `value_range`. "
            f"Received: {sorted(map(str, told))}"
        )
    return models
