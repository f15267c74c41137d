"""CausalBEGAN: a BEGAN whose generator also takes labels, with margins for them."""

import keras
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.models.began import BEGAN
from tf_gencs.models.causal_images import CausalImages
from tf_gencs.models.noisy_images import noisy_images
from tf_gencs.models.replicas import means_of, share_of

_LABEL_LOSSES = ("squared", "absolute", "cross_entropy")
_SETTINGS = (
    *("label_loss", "gamma_labels", "zeta", "lambda_labels", "lambda_weight"),
    *("third_margin", "train_labeler", "labeler_noise"),
)


@keras.saving.register_keras_serializable(package="tf_gencs")
class CausalBEGAN(CausalImages, BEGAN):
    """Images of labels that a causal model makes, by a GAN in equilibrium.

    As `CausalGAN`, on the networks of `BEGAN`. With R(v, l) the error of what the
    labeler reads in images v of labels l, and L as in `BEGAN`, for noise and labels
    from the prior and the controller:

    - D minimises L(x) - k L(G), and the labeler R(x) - k_labels R(G);
    - G minimises L(G) + label_weight R(G);
    - margins are b1 = gamma L(x) - L(G), b2 = gamma_labels R(x) - R(G) and
      b3 = zeta max(b1, 0) - max(b2, 0);
    - k, k_labels and label_weight move by lambda_k b1, lambda_labels b2 and
      lambda_weight b3, and stay in [0, 1].

    So labels count while images are better than they need be. A labeler that
    `fit_labeler` made, `compile(train_labeler=False, third_margin=False)`, which holds
    `label_weight` at 1, and `start_from_autoencoder` make short trainings.

    The metrics are those of `BEGAN`, `labeler_loss` = R(x), `fake_label_loss` = R(G),
    `k_labels` and `label_weight`; `convergence` is L(x) + R(x) + |b1| + |b2| + |b3|.

    Args:
        controller: `gencs.causal.CausalController` of labels with states.
        signal_shape: as for `BEGAN`.
        noise_dim: numbers of noise. `latent_dim` is that and the columns of the labels,
            as `CausalImages` says.
        width: as for `BEGAN`.
        code_dim: numbers in the middle of the autoencoder; None for `noise_dim`.
        labeler_width: channels of the labeler after the first convolution.
        **kwargs: as for `BEGAN`, but `latent_dim`.

    Attributes:
        k, k_labels, label_weight: variables in [0, 1], see above, that start at 0.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Example:

    ```python
    model = gencs.models.CausalBEGAN(controller, width=24, seed=0)
    model.compile()
    model.fit(images, labels, batch_size=16, epochs=100)
    x, labels = model.sample(16, do={"Mustache": 1}, seed=0)
    ```

    Source: Kocaoglu, Snyder, Dimakis and Vishwanath, "CausalGAN: Learning causal
    implicit generative models with adversarial training", ICLR 2018;
    github.com/mkocaoglu/CausalGAN, where k, l and z are these weights.
    """

    metric_names = (
        *BEGAN.metric_names,
        *("labeler_loss", "fake_label_loss", "k_labels", "label_weight"),
    )
    noisy_labels = False

    def __init__(
        self,
        controller,
        signal_shape=(64, 64, 3),
        noise_dim=64,
        width=128,
        code_dim=None,
        labeler_width=16,
        **kwargs,
    ):
        columns = self._columns_of(controller, kwargs)
        noise_dim = checks.integer(noise_dim, "noise_dim")
        labeler_width = checks.integer(labeler_width, "labeler_width")
        code_dim = noise_dim if code_dim is None else code_dim
        latent_dim = noise_dim + columns.count
        super().__init__(signal_shape, latent_dim, width, code_dim, **kwargs)
        self._set_causes(controller, noise_dim, columns)
        self.labeler_width = labeler_width
        self.labeler = self._new_labeler("labeler")
        untrained = {"trainable": False, "aggregation": "mean"}  # over replicas
        self.k_labels, self.label_weight = (
            self.add_weight((), "zeros", "float32", name=name, **untrained)
            for name in ("k_labels", "label_weight")
        )
        self.train_labeler = self.third_margin = True

    def compile(
        self,
        d_optimizer=None,
        g_optimizer=None,
        labeler_optimizer=None,
        *,
        label_loss="squared",
        gamma_labels=0.5,
        zeta=0.5,
        lambda_labels=8e-5,
        lambda_weight=1e-2,
        third_margin=True,
        train_labeler=True,
        labeler_noise=0.0,
        **kwargs,
    ):
        """Sets how to train and how to recover.

        Args:
            d_optimizer, g_optimizer, labeler_optimizer: Keras optimizers; None for the
                reference's Adam, whose learning rate is `HalvingDecay()`.
            label_loss: R, the mean over labels: "squared" or "absolute" difference
                between labels and the probabilities that are read, or "cross_entropy".
            gamma_labels: ratio R(G) / R(x) to keep, from 0 to 1.
            zeta: weight of the first margin in the third, at least 0.
            lambda_labels, lambda_weight: how fast `k_labels` and `label_weight` follow,
                at least 0.
            third_margin: False for a `label_weight` of 1. It starts at 0 again where
                it was so held before.
            train_labeler: False for a labeler that stays as `fit_labeler` left it.
            labeler_noise: as for `CausalGAN.compile`.
            **kwargs: as for `BEGAN.compile`; above a `decoder_weight` of 0, codes and
                their images' labels are decoded.

        Raises:
            ValueError: naming the argument that is wrong.
        """
        checks.choice(label_loss, "label_loss", _LABEL_LOSSES)
        told = {
            "label_loss": label_loss,
            "gamma_labels": checks.number(
                gamma_labels, "gamma_labels", at_least=0, at_most=1
            ),
            "zeta": checks.number(zeta, "zeta", at_least=0),
            "lambda_labels": checks.number(lambda_labels, "lambda_labels", at_least=0),
            "lambda_weight": checks.number(lambda_weight, "lambda_weight", at_least=0),
            "third_margin": checks.flag(third_margin, "third_margin"),
            "train_labeler": checks.flag(train_labeler, "train_labeler"),
            "labeler_noise": checks.number(labeler_noise, "labeler_noise", at_least=0),
        }
        scaled = kwargs.get("auto_scale_loss", True)
        optimizer = self._optimizer(labeler_optimizer, "labeler_optimizer", scaled)
        super().compile(d_optimizer, g_optimizer, **kwargs)
        self.labeler_optimizer = optimizer
        if not third_margin:
            self.label_weight.assign(1.0)
        elif not self.third_margin:
            self.label_weight.assign(0.0)  # it was held, and is to move from its start
        for name, value in told.items():
            setattr(self, name, value)

    @property
    def optimized(self):
        own = [(self.labeler_optimizer, self.labeler)] if self.train_labeler else []
        return super().optimized + own

    @property
    def _decoded_by(self):
        return "noise_dim", self.noise_dim

    def latents_of_codes(self, real, code):
        logits = self.columns.logits_of(tf.cast(real[1], code.dtype))
        return tf.concat([code, logits], axis=1)

    def train_labels(self, real, fake, z, step):
        weights = self.labeler.trainable_variables
        real_error, (of_real, _) = self._label_slopes(*real, step, 0)
        # One way back through the labeler serves both networks.
        asked = self._asked(z)
        fake_error, (of_fake, pull) = self._label_slopes(fake, asked, step, 1)
        # It came scaled for the labeler's optimizer, and goes on to G's.
        scale = self.g_optimizer.scale_loss(1.0) / self._scaled(1.0)
        pull *= tf.cast(self.label_weight * scale, pull.dtype)
        if self.train_labeler:
            k = tf.convert_to_tensor(self.k_labels)
            pairs = zip(of_real, of_fake, strict=True)
            gradients = [r - tf.cast(k, r.dtype) * f for r, f in pairs]
            self.labeler_optimizer.apply(gradients, weights)
        return pull, {"labeler_loss": real_error, "fake_label_loss": fake_error}

    def _label_slopes(self, images, columns, step, part):
        """R of noisy images, and its scaled slopes in the labeler and in the images."""
        with tf.GradientTape() as tape:
            tape.watch(images)
            shown = noisy_images(images, self.labeler_noise, self.seed, step, part)
            error = self._label_error(shown, columns)
            objective = self._scaled(share_of(error))
        weights = self.labeler.trainable_variables
        return error, tape.gradient(objective, (weights, images))

    def _scaled(self, loss):
        return self.labeler_optimizer.scale_loss(loss)

    def test_labels(self, real, fake, z):
        return {
            "labeler_loss": self._label_error(*real),
            "fake_label_loss": self._label_error(fake, self._asked(z)),
        }

    def _asked(self, z):
        """Columns (batch, columns) of the labels in latents of a training step."""
        return z[:, self.noise_dim :] > 0

    def _label_error(self, images, columns):
        """R, the error of what the labeler reads, a scalar."""
        read = self.labeler(images)
        read = tf.cast(read, self.recovery_dtype)
        columns = tf.cast(columns, read.dtype)
        if self.label_loss == "cross_entropy":
            errors = tf.nn.sigmoid_cross_entropy_with_logits(columns, read)
        else:
            errors = tf.abs(tf.sigmoid(read) - columns)
        return tf.reduce_mean(errors**2 if self.label_loss == "squared" else errors)

    def balance(self, values):
        first, second, third = self._margins(values)
        for weight, rate, margin in (
            (self.k, self.lambda_k, first),
            (self.k_labels, self.lambda_labels, second),
            (self.label_weight, self.lambda_weight * self.third_margin, third),
        ):
            moved = weight + rate * tf.cast(margin, tf.float32)
            weight.assign(tf.clip_by_value(moved, 0.0, 1.0))

    def _margins(self, values):
        """b1, b2 and b3 of the losses of a step."""
        first = self.gamma * values["real_loss"] - values["g_loss"]
        second = self.gamma_labels * values["labeler_loss"] - values["fake_label_loss"]
        return first, second, self.zeta * tf.nn.relu(first) - tf.nn.relu(second)

    def _values(self, real_loss, fake_loss, fake, decoder_loss, read):
        values = super()._values(real_loss, fake_loss, fake, decoder_loss, read)
        values |= means_of(read)
        off = tf.add_n([tf.abs(margin) for margin in self._margins(values)])
        values["convergence"] = values["real_loss"] + values["labeler_loss"] + off
        for name in ("k_labels", "label_weight"):
            values[name] = tf.cast(getattr(self, name), real_loss.dtype)
        return values

    def get_compile_config(self):
        config = super().get_compile_config()
        if not config:
            return {}
        optimizer = keras.saving.serialize_keras_object(self.labeler_optimizer)
        own = {name: getattr(self, name) for name in _SETTINGS}
        return {**config, **own, "labeler_optimizer": optimizer}

    def get_config(self):
        return {**super().get_config(), "labeler_width": self.labeler_width}
