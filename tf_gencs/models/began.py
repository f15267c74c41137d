"""BEGAN, whose discriminator is an autoencoder."""

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.models.adversarial import AdversarialModel
from tf_gencs.models.dcgan import sample_std
from tf_gencs.models.halving_decay import HalvingDecay
from tf_gencs.models.image_checks import check_image_shape
from tf_gencs.models.networks import began_discriminator, began_generator


@keras.saving.register_keras_serializable(package="tf_gencs")
class BEGAN(AdversarialModel):
    """A GAN in equilibrium; by default the networks of the reference for 64 x 64 x 3.

    The discriminator D is an autoencoder, and L(v) = mean |D(v) - v|, in halves of the
    value range. D minimises L(x) - k L(G(z)) and G minimises L(G(z)), both from the
    same pass; then k moves by lambda_k (gamma L(x) - L(G(z))) within [0, 1], which
    keeps L(G(z)) near gamma L(x). `recover` finds natural signals with
    `gencs.layers.ReconstructionScore(model.discriminator)`.

    The metrics are `d_loss`, `g_loss` = L(G(z)), `real_loss` = L(x), `k`,
    `convergence` = L(x) + |gamma L(x) - L(G(z))|, which falls as training goes well,
    and `sample_std`, as for `DCGAN`.

    Args:
        signal_shape: (height, width, channels); height and width are halved until the
            smaller is 7 to 13.
        latent_dim: number of latent values k.
        width: channels of the networks' first layers.
        code_dim: numbers in the middle of the autoencoder; None for `latent_dim`.
        value_range: (low, high) of the pixels; G may leave it a little.
        latent_prior: as for `GenerativeModel`; the reference's is "uniform".
        with_discriminator: False for a model that recovers and does not train.
        seed: as for `AdversarialModel`.
        dtype: Keras dtype or policy of the networks.
        **kwargs: `representation_error`, `deviation_basis`, `deviation_scale` and
            `name`, as for `GenerativeModel`.

    Attributes:
        k: weight of L(G(z)) in D's loss, a variable in [0, 1] that starts at 0.

    Raises:
        ValueError: naming the argument that is wrong.

    Example:

    ```python
    model = gencs.models.BEGAN(width=64, seed=0)
    model.compile(gamma=0.5)
    model.fit(images, batch_size=16, epochs=100)   # (batch, 64, 64, 3) in (-1, 1)
    ```

    Source: Berthelot, Schumm and Metz, "BEGAN: Boundary equilibrium generative
    adversarial networks", 2017; github.com/carpedm20/BEGAN-tensorflow.
    """

    metric_names = ("d_loss", "g_loss", "real_loss", "k", "convergence", "sample_std")

    def __init__(
        self,
        signal_shape=(64, 64, 3),
        latent_dim=64,
        width=128,
        code_dim=None,
        value_range=(-1.0, 1.0),
        latent_prior="uniform",
        with_discriminator=True,
        seed=None,
        dtype=None,
        **kwargs,
    ):
        signal_shape = checks.sizes(signal_shape, "signal_shape", 3)
        latent_dim = checks.integer(latent_dim, "latent_dim")
        width = checks.integer(width, "width")
        code_dim = latent_dim if code_dim is None else code_dim
        code_dim = checks.integer(code_dim, "code_dim")
        value_range = checks.value_range(value_range)
        if value_range is None:
            raise ValueError("`value_range` must be (low, high). Received: None")
        discriminator = None
        if with_discriminator:
            discriminator = began_discriminator(
                signal_shape, width, code_dim, value_range, dtype
            )
        super().__init__(
            began_generator(latent_dim, signal_shape, width, value_range, dtype),
            discriminator,
            seed=seed,
            value_range=value_range,
            latent_prior=latent_prior,
            latent_dim=latent_dim,
            dtype=dtype,
            **kwargs,
        )
        self.width = width
        self.code_dim = code_dim
        self.k = self.add_weight((), "zeros", "float32", trainable=False, name="k")

    def compile(
        self, d_optimizer=None, g_optimizer=None, *, gamma=0.5, lambda_k=1e-3, **kwargs
    ):
        """Sets how to train and how to recover.

        Args:
            d_optimizer, g_optimizer: Keras optimizers; None for the reference's Adam,
                whose learning rate is `HalvingDecay()`.
            gamma: ratio L(G(z)) / L(x) to keep, from 0 to 1: lower makes images sharper
                and more alike.
            lambda_k: how fast k follows, at least 0.
            **kwargs: `ema`, as for `AdversarialModel.compile`, and as for
                `GenerativeModel.compile`.

        Raises:
            ValueError: naming the argument that is wrong.
        """
        gamma = checks.number(gamma, "gamma", at_least=0)
        if gamma > 1:
            raise ValueError(f"`gamma` must be at most 1. Received: {gamma}")
        lambda_k = checks.number(lambda_k, "lambda_k", at_least=0)
        super().compile(d_optimizer, g_optimizer, **kwargs)
        self.gamma, self.lambda_k = gamma, lambda_k

    def default_optimizer(self):
        return keras.optimizers.Adam(HalvingDecay())

    def start_from_autoencoder(self, images, batch_size=100):
        """Makes G the decoder of D, with latents spread as D's codes of images are.

        From nothing, G makes one and the same face for a long while, and a short
        training ends there. Where D has learnt first, as any autoencoder does, G starts
        with all kinds of images, if blurred ones.

        Args:
            images: (batch, *signal_shape) in `value_range`, at least 2; far more than
                `code_dim`, for the covariance of their codes.
            batch_size: images that D sees at a time.

        Raises:
            ValueError: images of another shape, too few or not finite; a model without
                D or with a `code_dim` other than `latent_dim`.

        Example:

        ```python
        model = gencs.models.BEGAN(width=24, seed=0)
        model.discriminator.compile("adam", "mae")
        model.discriminator.fit(images, images, batch_size=8, epochs=4)
        model.start_from_autoencoder(images[:2000])
        model.compile(gamma=0.9, lambda_k=0.3)
        model.fit(images, batch_size=8)
        ```
        """
        if self.discriminator is None:
            raise ValueError("This model has no discriminator to start from.")
        if self.code_dim != self.latent_dim:
            raise ValueError(
                f"`code_dim` must be `latent_dim`, {self.latent_dim}, for a generator "
                f"that starts as a decoder. Received: {self.code_dim}"
            )
        check_image_shape(images, self.signal_shape)
        D = self.discriminator
        encoder = keras.Model(D.input, D.get_layer("code").output)
        codes = encoder.predict(images, batch_size=batch_size, verbose=0)
        codes = codes.astype("float64")
        if len(codes) < 2 or not np.isfinite(codes).all():
            raise ValueError(
                "`images` must be 2 or more, and their codes finite. "
                f"Received: {len(codes)} images"
            )
        size, turn = np.linalg.eigh(np.cov(codes, rowvar=False))
        spread = np.sqrt(np.maximum(size, 0))[:, None] * turn.T
        draws = self.latent_prior.sample((4096, self.latent_dim), 0).numpy()
        # The codes' mean and covariance: code = (z - mean) / deviation @ spread + ...
        spread /= draws.std()
        centre = codes.mean(axis=0) - draws.mean() * spread.sum(axis=0)
        networks = {id(g): g for g in (self.generator, self.training_generator)}
        for generator in networks.values():
            for layer in generator.layers:
                if layer.weights:
                    layer.set_weights(D.get_layer(layer.name).get_weights())
            dense = generator.get_layer("dense")
            kernel, bias = dense.get_weights()
            dense.set_weights([spread @ kernel, bias + centre @ kernel])

    def training_losses(self, real, step):
        generator = self.training_generator
        weights = self.discriminator.trainable_variables
        scale_loss = self.d_optimizer.scale_loss
        with tf.GradientTape() as making:
            fake = generator(self.draw_latents(real, step), training=True)
        with tf.GradientTape() as tape:
            real_loss = self._reconstruction_loss(real, training=True)
            objective = scale_loss(real_loss)
        of_real = tape.gradient(objective, weights)
        with tf.GradientTape() as tape:
            tape.watch(fake)
            fake_loss = self._reconstruction_loss(fake, training=True)
            objective = scale_loss(fake_loss)
        # One way back through D serves both networks.
        of_fake, pull = tape.gradient(objective, (weights, fake))
        k = tf.convert_to_tensor(self.k)
        gradients = [
            r - tf.cast(k, r.dtype) * f for r, f in zip(of_real, of_fake, strict=True)
        ]
        # The way back carried D's loss scale, where there is one.
        rescale = self.g_optimizer.scale_loss(1.0) / scale_loss(1.0)
        pull *= tf.cast(rescale, pull.dtype)
        moving = generator.trainable_variables
        of_generator = making.gradient(fake, moving, output_gradients=pull)
        self.g_optimizer.apply(of_generator, moving)
        self.d_optimizer.apply(gradients, weights)
        values = self._values(real_loss, fake_loss, fake)
        balance = tf.cast(self.gamma * real_loss - fake_loss, tf.float32)
        self.k.assign(tf.clip_by_value(k + self.lambda_k * balance, 0.0, 1.0))
        return values

    def test_losses(self, real):
        """The metrics of a batch, always with the same latents."""
        z = self.draw_latents(real, purpose="evaluation")
        fake = self.generator(z, training=False)
        real_loss, fake_loss = map(self._reconstruction_loss, (real, fake))
        return self._values(real_loss, fake_loss, fake)

    def _values(self, real_loss, fake_loss, fake):
        k = tf.cast(self.k, real_loss.dtype)
        return {
            "d_loss": real_loss - k * fake_loss,
            "g_loss": fake_loss,
            "real_loss": real_loss,
            "k": k,
            "convergence": real_loss + tf.abs(self.gamma * real_loss - fake_loss),
            "sample_std": sample_std(fake),
        }

    def _reconstruction_loss(self, x, training=False):
        """Mean absolute error of the autoencoder, in halves of the value range."""
        dtype = self.recovery_dtype  # half precision is too coarse for a mean
        x_hat = tf.cast(self.discriminator(x, training=training), dtype)
        low, high = self.value_range
        mean = tf.reduce_mean(tf.abs(x_hat - tf.cast(x, dtype)))
        return mean * (2 / (high - low))

    def get_compile_config(self):
        config = super().get_compile_config()
        if not config:
            return {}
        return {**config, "gamma": self.gamma, "lambda_k": self.lambda_k}

    def get_config(self):
        return {
            **super().get_config(),
            "signal_shape": self.signal_shape,
            "width": self.width,
            "code_dim": self.code_dim,
        }
