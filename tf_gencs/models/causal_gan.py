"""CausalGAN: a DCGAN whose generator takes labels, and networks that read them."""

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.models.causal_images import CausalImages
from tf_gencs.models.dcgan import DCGAN
from tf_gencs.models.label_losses import LABEL_TARGETS, cross_entropy, label_loss
from tf_gencs.models.noisy_images import noisy_images
from tf_gencs.models.replicas import share_of

_SETTINGS = (
    *("label_targets", "labeler_weight", "anti_labeler_weight", "tau"),
    *("train_labeler", "labeler_noise"),
)


@keras.saving.register_keras_serializable(package="tf_gencs")
class CausalGAN(CausalImages, DCGAN):
    """Images of labels that a causal model makes: under conditions, and interventions.

    A `CausalController`, trained before on the labels alone, says which labels occur
    together and what follows from what; the generator G makes an image of noise and
    labels. So `sample(n, do={"Mustache": 1})` gives women with mustaches, whom nobody
    saw, and `sample(n, given={"Mustache": 1})` gives men.

    Two networks read labels off images. The labeler learns from real images, and G is
    to make images in which it reads the labels that were asked for. The anti-labeler
    learns from G's, and G is to make images in which it cannot: else all images of a
    label soon look alike. Its weight falls as exp(-t / tau) over steps t.

    It trains by `compile` and `fit` on images and labels by name:

    ```python
    controller = gencs.causal.CausalController(graph)
    controller.fit(labels)                         # dict of arrays (n,)
    model = gencs.models.CausalGAN(controller, width=32, seed=0)
    model.fit_labeler(images, labels, epochs=4)
    model.compile(ema=0.999)
    model.fit(images, labels, epochs=25)           # (batch, 64, 64, 3) in (-1, 1)
    x, labels = model.sample(16, do={"Mustache": 1}, seed=0)
    ```

    The metrics are those of `DCGAN` and, as cross-entropies a label, `labeler_loss`, of
    real images, `fake_label_loss`, by which the labeler misses the labels that G was
    asked for, and `anti_labeler_loss`.

    Args:
        controller: `gencs.causal.CausalController` of labels with states.
        signal_shape: as for `DCGAN`.
        noise_dim: numbers of noise. `latent_dim` is that and the columns of the labels,
            as `CausalImages` says.
        width: as for `DCGAN`.
        labeler_width: channels of labeler and anti-labeler after the first convolution.
        **kwargs: as for `DCGAN`, but `latent_dim`; without a discriminator there is no
            anti-labeler either.

    Attributes:
        anti_labeler: Keras model x -> logits of the labels, or None.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Source: Kocaoglu, Snyder, Dimakis and Vishwanath, "CausalGAN: Learning causal
    implicit generative models with adversarial training", ICLR 2018. The reference
    (github.com/mkocaoglu/CausalGAN) draws noise from `latent_prior="uniform"` and makes
    six steps of G for one of the others, `compile(g_steps=6)`.
    """

    metric_names = (
        *DCGAN.metric_names,
        *("labeler_loss", "fake_label_loss", "anti_labeler_loss"),
    )

    def __init__(
        self,
        controller,
        signal_shape=(64, 64, 3),
        noise_dim=100,
        width=64,
        labeler_width=16,
        **kwargs,
    ):
        columns = self._columns_of(controller, kwargs)
        noise_dim = checks.integer(noise_dim, "noise_dim")
        labeler_width = checks.integer(labeler_width, "labeler_width")
        super().__init__(signal_shape, noise_dim + columns.count, width, **kwargs)
        self._set_causes(controller, noise_dim, columns)
        self.labeler_width = labeler_width
        self.labeler = self._new_labeler("labeler")
        self.anti_labeler = None
        if self.discriminator is not None:
            self.anti_labeler = self._new_labeler("anti_labeler")

    def compile(
        self,
        d_optimizer=None,
        g_optimizer=None,
        labeler_optimizer=None,
        anti_labeler_optimizer=None,
        *,
        label_targets="flipped",
        labeler_weight=1.0,
        anti_labeler_weight=1.0,
        tau=3000.0,
        train_labeler=True,
        labeler_noise=0.0,
        **kwargs,
    ):
        """Sets how to train and how to recover.

        The reference's six losses of G are `adversarial_loss` "log_ratio",
        "non_saturating" (its own choice) or "minimax" with `label_targets` "flipped",
        and the same three with "noisy".

        Args:
            d_optimizer, g_optimizer, labeler_optimizer, anti_labeler_optimizer: Keras
                optimizers; None for the reference's Adam(2e-4, beta_1=0.5).
            label_targets: of the cross-entropies of what the labeler reads in G's
                images. "flipped": what it reads is the target, and the noisy label that
                G took the prediction. "noisy": the noisy label is the target. "clear":
                the label without noise is; that pulls most where the labeler is sure of
                the wrong one.
            labeler_weight: of the labeler's cross-entropy in G's loss, at least 0.
            anti_labeler_weight: of the anti-labeler's at step 0, at least 0; with 0 it
                does not train.
            tau: steps in which that weight falls to 37 %, above 0.
            train_labeler: False for a labeler that stays as `fit_labeler` left it.
            labeler_noise: at least 0; in training labelers read images with noise, of
                a deviation drawn from [0, labeler_noise] for each, which hides patterns
                too faint to see.
            **kwargs: as for `DCGAN.compile`.

        Raises:
            ValueError: naming the argument that is wrong.
        """
        checks.choice(label_targets, "label_targets", LABEL_TARGETS)
        labeler_weight = checks.number(labeler_weight, "labeler_weight", at_least=0)
        anti = checks.number(anti_labeler_weight, "anti_labeler_weight", at_least=0)
        tau = checks.number(tau, "tau", above=0)
        checks.flag(train_labeler, "train_labeler")
        noise = checks.number(labeler_noise, "labeler_noise", at_least=0)
        readers = {
            "labeler_optimizer": labeler_optimizer,
            "anti_labeler_optimizer": anti_labeler_optimizer,
        }
        scaled = kwargs.get("auto_scale_loss", True)
        readers = {k: self._optimizer(v, k, scaled) for k, v in readers.items()}
        super().compile(d_optimizer, g_optimizer, **kwargs)
        for name, optimizer in readers.items():
            setattr(self, name, optimizer)
        self.label_targets, self.labeler_weight = label_targets, labeler_weight
        self.anti_labeler_weight, self.tau = anti, tau
        self.train_labeler, self.labeler_noise = train_labeler, noise

    @property
    def optimized(self):
        pairs = super().optimized
        if self.train_labeler:
            pairs.append((self.labeler_optimizer, self.labeler))
        if self.anti_labeler_weight:
            pairs.append((self.anti_labeler_optimizer, self.anti_labeler))
        return pairs

    @property
    def metrics(self):
        weighed = getattr(self, "anti_labeler_weight", 0.0)
        means = super().metrics
        return [m for m in means if weighed or m.name != "anti_labeler_loss"]

    def generator_losses(self, fake, z, step, training=True):
        values = super().generator_losses(fake, z, step, training)
        asked = z[:, self.noise_dim :]
        if training:
            fake = noisy_images(fake, self.labeler_noise, self.seed, step, 0)
        read = self._read(self.labeler, fake)
        g_loss = values["g_loss"] + self.labeler_weight * self._label_loss(read, asked)
        if self.anti_labeler_weight:
            against = self._label_loss(self._read(self.anti_labeler, fake), asked)
            g_loss -= (
                tf.cast(self.anti_labeler_weight_at(step), against.dtype) * against
            )
            values["anti_labeler_loss"] = against
        values["fake_label_loss"] = cross_entropy(asked > 0, read)
        return {**values, "g_loss": g_loss}

    def _label_loss(self, read, asked):
        return label_loss(read, asked, self.label_targets)

    def anti_labeler_weight_at(self, step):
        """The anti-labeler's weight in G's loss after so many steps, a scalar."""
        step = tf.cast(step, tf.float32)
        return self.anti_labeler_weight * tf.exp(-step / self.tau)

    def _train_discriminator(self, real, fake, z, step, substep):
        values = super()._train_discriminator(real, fake, z, step, substep)
        noise, seed = self.labeler_noise, self.seed
        if self.anti_labeler_weight:
            asked = z[:, self.noise_dim :]
            self._train_reader(
                self.anti_labeler,
                self.anti_labeler_optimizer,
                noisy_images(fake, noise, seed, step, 1 + 2 * substep),
                lambda read: self._label_loss(read, asked),
            )
        if self.train_labeler:
            images, columns = real
            self._train_reader(
                self.labeler,
                self.labeler_optimizer,
                noisy_images(images, noise, seed, step, 2 + 2 * substep),
                lambda read: cross_entropy(columns, read),
            )
        return values

    def _train_reader(self, reader, optimizer, images, loss):
        weights = reader.trainable_variables
        with tf.GradientTape() as tape:
            value = loss(self._read(reader, images, training=True))
            objective = optimizer.scale_loss(share_of(value))
        optimizer.apply(tape.gradient(objective, weights), weights)

    def _discriminator_losses(self, real, fake, training, step, substep):
        images, columns = real
        values = super()._discriminator_losses(images, fake, training, step, substep)
        read = self._read(self.labeler, images)
        return {**values, "labeler_loss": cross_entropy(columns, read)}

    def _read(self, reader, images, training=False):
        """Logits (batch, columns) that a labeler gives, in float32 at least."""
        return tf.cast(reader(images, training=training), self.recovery_dtype)

    def get_compile_config(self):
        config = super().get_compile_config()
        if not config:
            return {}
        for name in ("labeler_optimizer", "anti_labeler_optimizer"):
            config[name] = keras.saving.serialize_keras_object(getattr(self, name))
        return {**config, **{name: getattr(self, name) for name in _SETTINGS}}

    def get_config(self):
        return {**super().get_config(), "labeler_width": self.labeler_width}
