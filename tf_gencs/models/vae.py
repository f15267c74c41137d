"""The variational auto-encoder of the CSGM paper."""

import keras
import tensorflow as tf

from tf_gencs import checks, pixels, seeds
from tf_gencs.layers.support import signal_shapes
from tf_gencs.models.generative_model import GenerativeModel
from tf_gencs.models.networks import dense_encoder, dense_generator
from tf_gencs.models.replicas import draw_rows, means_of, rows_of, share_of
from tf_gencs.models.trains_on_images import TrainsOnImages


@keras.saving.register_keras_serializable(package="tf_gencs")
class VAE(TrainsOnImages, GenerativeModel):
    """A VAE with dense softplus networks: `latent_dim`-500-500-784 by default.

    It trains with plain `compile` and `fit` on signals in [0, 1]. The loss is the
    binary cross-entropy summed over the signal plus the Kullback-Leibler divergence
    of the encoder's posterior from N(0, I), averaged over the batch. It means nothing
    for other signals, so `fit` and `evaluate` refuse those.

    Args:
        latent_dim: number of latent values k.
        hidden: widths of the generator's hidden layers; the encoder mirrors them.
        signal_shape: (height, width, channels) of a signal; or (length, channels),
            (depth, height, width, channels) or (n,).
        seed: of the initial weights and of the posterior samples during training; None
            draws one from Keras's own stream (`keras.utils.set_random_seed`).
        dtype: Keras dtype or policy of the networks.
        **kwargs: `representation_error`, `deviation_basis`, `deviation_scale` and
            `name`, as for `GenerativeModel`.

    Example:

    ```python
    model = gencs.models.VAE(seed=0)
    model.compile(optimizer="adam", kl_warmup_steps=6000)
    model.fit(gencs.datasets.mnist("train", batch_size=100, shuffle=True), epochs=100)
    ```

    Sources: Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014. Network
    and use as a prior: Bora, Jalal, Price and Dimakis, ICML 2017.
    """

    tolerated = pixels.STRICT  # beyond, the cross-entropy means nothing

    def __init__(
        self,
        latent_dim=20,
        hidden=(500, 500),
        signal_shape=(28, 28, 1),
        seed=None,
        dtype=None,
        **kwargs,
    ):
        latent_dim = checks.integer(latent_dim, "latent_dim")
        hidden = checks.sizes(hidden, "hidden")
        signal_shape = checks.sizes(signal_shape, "signal_shape")
        if len(signal_shape) not in signal_shapes.KINDS:
            raise ValueError(
                "`signal_shape` must be that of images (height, width, channels), or "
                "of lines, volumes or vectors: of 1 to 4 axes. "
                f"Received: {signal_shape}"
            )
        seed = seeds.resolve(seed)
        checks.float_policy(dtype)
        super().__init__(
            dense_generator(latent_dim, hidden, signal_shape, dtype, seed),
            encoder=dense_encoder(latent_dim, hidden[::-1], signal_shape, dtype, seed),
            value_range=(0.0, 1.0),
            dtype=dtype,
            **kwargs,
        )
        self.hidden = hidden
        self.seed = seed
        self._loss_means = [
            keras.metrics.Mean(name=name)
            for name in ("loss", "reconstruction_loss", "kl_loss")
        ]

    def compile(self, optimizer="adam", *unnamed, kl_warmup_steps=0, **kwargs):
        """Sets how to train and how to recover.

        Args:
            optimizer: Keras optimizer of both networks.
            kl_warmup_steps: the weight of the divergence grows from 0 to 1 over so
                many training steps. Some thousand steps keep latent values from
                dying early and make training repeatable from seed to seed.
            *unnamed, **kwargs: as for `GenerativeModel.compile`.
        """
        kl_warmup_steps = checks.integer(kl_warmup_steps, "kl_warmup_steps", at_least=0)
        super().compile(optimizer, *unnamed, **kwargs)
        self.kl_warmup_steps = kl_warmup_steps

    def get_compile_config(self):
        config = super().get_compile_config()
        return {**config, "kl_warmup_steps": self.kl_warmup_steps} if config else {}

    @property
    def metrics(self):
        return self._loss_means

    def train_step(self, data):
        with rows_of(data):
            return self._train_step(data)

    def test_step(self, data):
        with rows_of(data):
            x, _ = self.take_images(data, training=False)
            return self._update(self._batch_losses(x, 1.0, step=0, training=False))

    def _train_step(self, data):
        step = tf.convert_to_tensor(self.optimizer.iterations)
        warmth = tf.cast(step + 1, tf.float32) / max(1, self.kl_warmup_steps)
        kl_weight = tf.minimum(warmth, 1.0)
        with tf.GradientTape() as tape:
            x, fits = self.take_images(data, training=True)
            losses = self._batch_losses(x, kl_weight, step, training=True)
            # What is about to be refused moves no weight.
            objective = self.optimizer.scale_loss(
                share_of(losses["loss"]) * tf.cast(fits, losses["loss"].dtype)
            )
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(objective, weights), weights)
        return self._update(losses)

    def _batch_losses(self, x, kl_weight, step, training):
        """Total, reconstruction and KL loss by name, each a mean over the batch."""
        mean, log_variance = self.encoder(x, training=training)
        # The step number is the seed: training that goes on from a file sees the same
        # noise as training that was never stopped.
        stream = tf.random.experimental.stateless_fold_in(
            seeds.stream(self.seed, "posterior"), step
        )
        noise = draw_rows(
            lambda count: tf.random.stateless_normal((count, self.latent_dim), stream),
            tf.shape(mean)[0],
        )
        z = mean + tf.exp(0.5 * log_variance) * tf.cast(noise, mean.dtype)
        x_hat = self.generator(z, training=training)
        pixel_loss = keras.ops.binary_crossentropy(tf.cast(x, x_hat.dtype), x_hat)
        reconstruction = _mean_over_batch(pixel_loss)
        kl = 0.5 * _mean_over_batch(
            tf.exp(log_variance) + tf.square(mean) - 1.0 - log_variance
        )
        total = reconstruction + tf.cast(kl_weight, kl.dtype) * kl
        return {"loss": total, "reconstruction_loss": reconstruction, "kl_loss": kl}

    def _update(self, losses):
        losses = means_of(losses)
        for tracker in self._loss_means:
            tracker.update_state(losses[tracker.name])
        return {tracker.name: tracker.result() for tracker in self._loss_means}

    def get_config(self):
        config = super().get_config()
        # The networks follow from the sizes, the range from the sigmoid.
        for name in ("generator", "encoder", "latent_prior", "value_range"):
            del config[name]
        return {
            **config,
            "hidden": self.hidden,
            "signal_shape": self.signal_shape,
            "seed": self.seed,
        }


def _mean_over_batch(values):
    """Sums each signal's values, then averages: (batch, ...) -> ()."""
    return tf.reduce_sum(values) / tf.cast(tf.shape(values)[0], values.dtype)
