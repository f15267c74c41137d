"""BEGAN, whose discriminator is an autoencoder."""

import keras
import tensorflow as tf

from tf_gencs import checks, seeds
from tf_gencs.models.adversarial import AdversarialModel, sample_std
from tf_gencs.models.began_start import StartsAsDecoder
from tf_gencs.models.halving_decay import HalvingDecay
from tf_gencs.models.networks import began_discriminator, began_generator
from tf_gencs.models.replicas import means_of, share_of


@keras.saving.register_keras_serializable(package="tf_gencs")
class BEGAN(StartsAsDecoder, AdversarialModel):
    """A GAN in equilibrium; by default the networks of the reference for 64 x 64 x 3.

    The discriminator D is an autoencoder, and L(v) = mean |D(v) - v|, in halves of the
    value range. D minimises L(x) - k L(G(z)) and G minimises L(G(z)), both from the
    same pass; then k moves by lambda_k (gamma L(x) - L(G(z))) within [0, 1], which
    keeps L(G(z)) near gamma L(x). `recover` finds natural signals with
    `gencs.layers.ReconstructionScore(model.discriminator)`.

    The metrics are `d_loss`, `g_loss` = L(G(z)), `real_loss` = L(x), `k`,
    `convergence` = L(x) + |gamma L(x) - L(G(z))|, which falls as training goes well,
    `sample_std`, as for `DCGAN`, and `decoder_loss` where `compile` weighs it.

    From nothing, G makes one and the same image for a long while, and a short training
    ends there. `start_from_autoencoder` lets D learn first and G start as its decoder,
    and `compile(decoder_weight=...)` keeps it one:

    ```python
    model = gencs.models.BEGAN(width=24, seed=0)
    model.discriminator.compile("adam", "mae")
    model.discriminator.fit(images, images, batch_size=8, epochs=4)
    model.start_from_autoencoder(images[:2000])
    model.compile(gamma=1.0, lambda_k=0.1, decoder_weight=2.0, ema=0.995)
    model.fit(images, batch_size=8, epochs=4)
    ```

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
    adversarial networks", 2017; github.com/carpedm20/BEGAN-tensorflow. A decoder that
    is a generator: Larsen et al., "Autoencoding beyond pixels using a learned
    similarity metric", ICML 2016.
    """

    metric_names = (
        *("d_loss", "g_loss", "real_loss", "k", "convergence", "sample_std"),
        "decoder_loss",
    )

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
        checks.flag(with_discriminator, "with_discriminator")
        given = latent_dim if code_dim is None else code_dim
        code_dim = checks.integer(given, "code_dim")
        value_range = checks.value_range(value_range, required=True)
        seed = seeds.resolve(seed)
        checks.float_policy(dtype)
        discriminator = with_discriminator and began_discriminator(
            signal_shape, width, code_dim, value_range, dtype, seed
        )
        super().__init__(
            began_generator(latent_dim, signal_shape, width, value_range, dtype, seed),
            discriminator or None,
            seed=seed,
            value_range=value_range,
            latent_prior=latent_prior,
            latent_dim=latent_dim,
            dtype=dtype,
            **kwargs,
        )
        self.width = width
        self.code_dim = code_dim
        untrained = {"trainable": False, "aggregation": "mean"}  # over replicas
        self.k = self.add_weight((), "zeros", "float32", name="k", **untrained)
        self.decoder_weight = 0.0

    def compile(
        self,
        d_optimizer=None,
        g_optimizer=None,
        *unnamed,
        gamma=0.5,
        lambda_k=1e-3,
        decoder_weight=0.0,
        **kwargs,
    ):
        """Sets how to train and how to recover.

        Args:
            d_optimizer, g_optimizer: Keras optimizers; None for the reference's Adam,
                whose learning rate is `HalvingDecay()`.
            gamma: ratio L(G(z)) / L(x) to keep, from 0 to 1: lower makes images sharper
                and more alike.
            lambda_k: how fast k follows, at least 0.
            decoder_weight: at least 0, of `decoder_loss` = mean |G(c) - x|, c the code
                of x in D, beside L(G(z)) in what G minimises. It keeps all kinds of
                images among those that G makes, where G started as D's decoder.
                Above 0 it needs D, and a `code_dim` that is `latent_dim`.
            *unnamed, **kwargs: `ema`, as for `AdversarialModel.compile`, and as for
                `GenerativeModel.compile`.

        Raises:
            ValueError: naming the argument that is wrong.
        """
        gamma = checks.number(gamma, "gamma", at_least=0, at_most=1)
        lambda_k = checks.number(lambda_k, "lambda_k", at_least=0)
        decoder_weight = checks.number(decoder_weight, "decoder_weight", at_least=0)
        if decoder_weight:
            self._check_decodes("`decoder_weight` must be 0")
        super().compile(d_optimizer, g_optimizer, *unnamed, **kwargs)
        self.gamma, self.lambda_k = gamma, lambda_k
        self.decoder_weight = decoder_weight

    def default_optimizer(self):
        return keras.optimizers.Adam(HalvingDecay())

    @property
    def metrics(self):
        return [
            mean
            for mean in super().metrics
            if self.decoder_weight or mean.name != "decoder_loss"
        ]

    def training_losses(self, real, step):
        weights = self.discriminator.trainable_variables
        moving = self.training_generator.trainable_variables
        scale_loss = self.d_optimizer.scale_loss
        with tf.GradientTape() as tape:
            code, real_loss = self._reconstruct(self.images_of(real), training=True)
            objective = scale_loss(share_of(real_loss))
        of_real = tape.gradient(objective, weights)
        z = self.draw_latents(real, step)
        with tf.GradientTape() as making:
            fake, decoder_loss = self._make(real, code, z)
            decoding = self.decoder_weight * share_of(decoder_loss)
            decoding = self.g_optimizer.scale_loss(decoding)
        with tf.GradientTape() as tape:
            tape.watch(fake)
            _, fake_loss = self._reconstruct(fake, training=True)
            objective = scale_loss(share_of(fake_loss))
        # One way back through D serves both networks.
        of_fake, pull = tape.gradient(objective, (weights, fake))
        k = tf.convert_to_tensor(self.k)
        gradients = [
            r - tf.cast(k, r.dtype) * f for r, f in zip(of_real, of_fake, strict=True)
        ]
        # The way back carried D's loss scale, where there is one.
        rescale = self.g_optimizer.scale_loss(1.0) / scale_loss(1.0)
        pull *= tf.cast(rescale, pull.dtype)
        pull_of_labels, read = self.train_labels(real, fake, z, step)
        pull += pull_of_labels
        of_generator = making.gradient(
            [fake, decoding], moving, output_gradients=[pull, tf.ones_like(decoding)]
        )
        values = self._values(real_loss, fake_loss, fake, decoder_loss, read)
        self.g_optimizer.apply(of_generator, moving)
        self.d_optimizer.apply(gradients, weights)
        self.balance(values)
        return values

    def train_labels(self, real, fake, z, step):
        """What a causal model does with labels, as `CausalBEGAN` says; here nothing.

        Returns:
            What G minimises besides L(G(z)), as its gradient in the images with the
            loss scale of `g_optimizer`; and a dict of what was read off the images.
        """
        del real, z, step
        return tf.zeros_like(fake), {}

    def balance(self, values):
        """Moves k, by the losses of a step as `metrics` name them."""
        off = tf.cast(self.gamma * values["real_loss"] - values["g_loss"], tf.float32)
        self.k.assign(tf.clip_by_value(self.k + self.lambda_k * off, 0.0, 1.0))

    def test_losses(self, real):
        """The metrics of a batch, always with the same latents."""
        images = self.images_of(real)
        code, real_loss = self._reconstruct(images)
        z = self.draw_latents(real, purpose="evaluation")
        fake = self.generator(z)
        _, fake_loss = self._reconstruct(fake)
        decoder_loss = 0.0
        if self.decoder_weight:
            decoded = self.generator(self.latents_of_codes(real, code))
            decoder_loss = self._error(decoded, images)
        read = self.test_labels(real, fake, z)
        return self._values(real_loss, fake_loss, fake, decoder_loss, read)

    def test_labels(self, real, fake, z):
        """What `train_labels` reads, without training."""
        del real, fake, z
        return {}

    def _make(self, real, code, z):
        """What G makes of latents, and the error of what it makes of codes."""
        G = self.training_generator
        if not self.decoder_weight:
            return G(z, training=True), tf.zeros((), self.recovery_dtype)
        code = tf.cast(tf.stop_gradient(code), z.dtype)
        both = tf.concat([z, self.latents_of_codes(real, code)], 0)
        fake, decoded = tf.split(G(both, training=True), 2)
        return fake, self._error(decoded, self.images_of(real))

    def _reconstruct(self, x, training=False):
        """The codes of images in D, and the loss L(x)."""
        D = self.discriminator
        middle_and_end = keras.Model(D.input, (D.get_layer("code").output, D.output))
        code, x_hat = middle_and_end(x, training=training)
        return code, self._error(x_hat, x)

    def _error(self, x_hat, x):
        """Mean absolute difference, in halves of the value range."""
        dtype = self.recovery_dtype  # half precision is too coarse for a mean
        low, high = self.value_range
        mean = tf.reduce_mean(tf.abs(tf.cast(x_hat, dtype) - tf.cast(x, dtype)))
        return mean * (2 / (high - low))

    def _values(self, real_loss, fake_loss, fake, decoder_loss, read):
        del read
        means = {"real": real_loss, "fake": fake_loss, "decoder": decoder_loss}
        real_loss, fake_loss, decoder_loss = means_of(means).values()
        k = tf.cast(self.k, real_loss.dtype)
        return {
            "d_loss": real_loss - k * fake_loss,
            "g_loss": fake_loss,
            "real_loss": real_loss,
            "k": k,
            "convergence": real_loss + tf.abs(self.gamma * real_loss - fake_loss),
            "sample_std": sample_std(fake),
            "decoder_loss": decoder_loss,
        }

    def get_compile_config(self):
        config = super().get_compile_config()
        if not config:
            return {}
        own = ("gamma", "lambda_k", "decoder_weight")
        return {**config, **{name: getattr(self, name) for name in own}}

    def get_config(self):
        return {
            **super().get_config(),
            "signal_shape": self.signal_shape,
            "width": self.width,
            "code_dim": self.code_dim,
        }
