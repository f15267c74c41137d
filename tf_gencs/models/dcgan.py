"""DCGAN, with the losses that its networks are trained by."""

import keras
import tensorflow as tf

from tf_gencs import checks, losses, seeds
from tf_gencs.models.adversarial import AdversarialModel, sample_std
from tf_gencs.models.networks import dcgan_discriminator, dcgan_generator
from tf_gencs.models.replicas import cond, draw_rows, share_of

_Schedule = keras.optimizers.schedules.LearningRateSchedule

# Steps from one penalty on real images to the next.
_PENALTY_EVERY = 16


@keras.saving.register_keras_serializable(package="tf_gencs")
class DCGAN(AdversarialModel):
    """A convolutional GAN; by default the networks of the reference for 64 x 64 x 3.

    It trains with plain `compile` and `fit` on images in `value_range`. Real and
    generated images pass the discriminator apart, each with batch statistics of its
    own. The metrics are `d_loss`, `g_loss`, `gradient_penalty` where there is one, and
    `sample_std`, the standard deviation of a generated pixel over the batch: near 0,
    all images are the same.

    Args:
        signal_shape: (height, width, channels); height and width are halved until the
            smaller is 4 to 7.
        latent_dim: number of latent values k.
        width: channels at the largest size; they double at each halving.
        value_range: (low, high) of the pixels.
        latent_prior: as for `GenerativeModel`.
        normalization: of the discriminator, "batch"; "layer" or None where the loss has
            a gradient penalty.
        minibatch_std: whether the discriminator also sees how much the images of a
            batch differ, so that a generator of few kinds of images is found out.
        with_discriminator: False for a model that recovers and does not train.
        seed: as for `AdversarialModel`.
        dtype: Keras dtype or policy of the networks.
        **kwargs: `representation_error`, `deviation_basis`, `deviation_scale` and
            `name`, as for `GenerativeModel`.

    Raises:
        ValueError: naming the argument that is wrong.

    Example:

    ```python
    model = gencs.models.DCGAN(width=32, seed=0)
    model.compile(ema=0.999)
    model.fit(images, epochs=25)                   # (batch, 64, 64, 3) in (-1, 1)
    x = model.generate(16, seed=1)
    ```

    Source: Radford, Metz and Chintala, "Unsupervised representation learning with
    deep convolutional generative adversarial networks", ICLR 2016. The reference
    (github.com/carpedm20/DCGAN-tensorflow) draws z from `latent_prior="uniform"` and
    makes two steps of the generator per batch, `compile(g_steps=2)`.
    """

    metric_names = ("d_loss", "g_loss", "gradient_penalty", "sample_std")

    def __init__(
        self,
        signal_shape=(64, 64, 3),
        latent_dim=100,
        width=64,
        value_range=(-1.0, 1.0),
        latent_prior="normal",
        normalization="batch",
        minibatch_std=False,
        with_discriminator=True,
        seed=None,
        dtype=None,
        **kwargs,
    ):
        signal_shape = checks.sizes(signal_shape, "signal_shape", 3)
        latent_dim = checks.integer(latent_dim, "latent_dim")
        width = checks.integer(width, "width")
        checks.flag(with_discriminator, "with_discriminator")
        minibatch_std = checks.flag(minibatch_std, "minibatch_std")
        value_range = checks.value_range(value_range, required=True)
        seed = seeds.resolve(seed)
        checks.float_policy(dtype)
        discriminator = dcgan_discriminator(
            signal_shape, width, value_range, normalization, minibatch_std, dtype, seed
        )
        super().__init__(
            dcgan_generator(latent_dim, signal_shape, width, value_range, dtype, seed),
            discriminator if with_discriminator else None,
            seed=seed,
            value_range=value_range,
            latent_prior=latent_prior,
            latent_dim=latent_dim,
            dtype=dtype,
            **kwargs,
        )
        self.width = width
        self.normalization = normalization
        self.minibatch_std = minibatch_std

    def compile(
        self,
        d_optimizer=None,
        g_optimizer=None,
        *unnamed,
        adversarial_loss="non_saturating",
        d_steps=1,
        g_steps=1,
        real_penalty=0.0,
        **kwargs,
    ):
        """Sets how to train and how to recover.

        Args:
            d_optimizer, g_optimizer: Keras optimizers; None for the reference's
                Adam(2e-4, beta_1=0.5).
            adversarial_loss: "non_saturating", "minimax", "least_squares", "hinge",
                "wasserstein" or an object from `gencs.losses`.
            d_steps, g_steps: steps of either network on a batch, first D, then G. Each
                step of D has latents of its own; those of G share the last of them.
            real_penalty: weight of half the mean of ||dD/dx||^2 at real images in D's
                loss (R1), 1 say, or a Keras `LearningRateSchedule` of the number of the
                step. D is then flat where images are real, which keeps G from chasing
                it from one kind of image to the next. Computed at every 16th step, at
                16 times the weight. Goes well with `minibatch_std` and Adam(1e-3,
                beta_1=0, beta_2=0.99).
            *unnamed, **kwargs: `ema`, as for `AdversarialModel.compile`, and as for
                `GenerativeModel.compile`.

        Raises:
            ValueError: naming the argument that is wrong.

        Source of the penalty: Mescheder, Geiger and Nowozin, "Which training methods
        for GANs do actually converge?", ICML 2018; of its rarity: Karras et al.,
        "Analyzing and improving the image quality of StyleGAN", CVPR 2020.
        """
        adversarial_loss = losses.get_adversarial(adversarial_loss)
        if not isinstance(real_penalty, _Schedule):
            real_penalty = checks.number(real_penalty, "real_penalty", at_least=0)
        penalized = {
            "adversarial_loss": (adversarial_loss.gradient_penalty, adversarial_loss),
            "real_penalty": (real_penalty, real_penalty),
        }
        for name, (weight, value) in penalized.items():
            if weight and self.normalization == "batch":
                raise ValueError(
                    f"`{name}` with a gradient penalty needs a discriminator that "
                    "keeps the images of a batch apart: make the model with "
                    f"`normalization='layer'` or None. Received: {value!r} and "
                    "`normalization='batch'`"
                )
        d_steps = checks.integer(d_steps, "d_steps")
        g_steps = checks.integer(g_steps, "g_steps")
        super().compile(d_optimizer, g_optimizer, *unnamed, **kwargs)
        self.adversarial_loss = adversarial_loss
        self.d_steps, self.g_steps = d_steps, g_steps
        self.real_penalty = real_penalty

    def default_optimizer(self):
        return keras.optimizers.Adam(2e-4, beta_1=0.5)

    @property
    def metrics(self):
        loss = getattr(self, "adversarial_loss", None)
        penalized = loss is not None and (loss.gradient_penalty or self.real_penalty)
        means = super().metrics
        return [m for m in means if penalized or m.name != "gradient_penalty"]

    def training_losses(self, real, step):
        generator = self.training_generator
        weights = generator.trainable_variables
        for substep in range(self.d_steps):
            z = self.draw_latents(real, step, substep)
            # The last images serve the generator's first step as well: its weights do
            # not move in between, and only the way back from the images is new.
            with tf.GradientTape() as making:
                fake = generator(z, training=True)
            values = self._train_discriminator(real, fake, z, step, substep)
        for substep in range(self.g_steps):
            if substep:
                with tf.GradientTape() as making:
                    fake = generator(z, training=True)
            with tf.GradientTape(watch_accessed_variables=False) as judging:
                judging.watch(fake)
                of_fake = self.generator_losses(fake, z, step)
                objective = self.g_optimizer.scale_loss(share_of(of_fake["g_loss"]))
            pull = judging.gradient(objective, fake)
            gradients = making.gradient(fake, weights, output_gradients=pull)
            self.g_optimizer.apply(gradients, weights)
        return {**values, **of_fake, "sample_std": sample_std(fake)}

    def generator_losses(self, fake, z, step, training=True):
        """What G minimises, "g_loss", and what else is seen of its images: a dict.

        Args:
            fake: images that G made.
            z: the latents that it made them of.
            step: number of the training step.
            training: whether D runs in training mode.
        """
        del z, step
        score = self._score(fake, training)
        return {"g_loss": self.adversarial_loss.generator_loss(score)}

    def _train_discriminator(self, real, fake, z, step, substep):
        del z
        weights = self.discriminator.trainable_variables
        with tf.GradientTape() as tape:
            values = self._discriminator_losses(real, fake, True, step, substep)
            objective = self.d_optimizer.scale_loss(share_of(values["d_loss"]))
        self.d_optimizer.apply(tape.gradient(objective, weights), weights)
        return values

    def test_losses(self, real):
        """The metrics of a batch in inference mode, always with the same latents."""
        z = self.draw_latents(real, purpose="evaluation")
        fake = self.generator(z, training=False)
        values = self._discriminator_losses(real, fake, False, 0, 0)
        of_fake = self.generator_losses(fake, z, self.training_steps, training=False)
        return {**values, **of_fake, "sample_std": sample_std(fake)}

    def _discriminator_losses(self, real, fake, training, step, substep):
        loss = self.adversarial_loss
        # Two passes: batch statistics of real and generated images stay apart.
        real_scores = self._score(real, training)
        fake_scores = self._score(fake, training)
        values = {"d_loss": loss.discriminator_loss(real_scores, fake_scores)}
        if loss.gradient_penalty:
            stream = seeds.stream(self.seed, "gradient_penalty")
            stream = seeds.at_step(stream, step, substep)
            share = draw_rows(
                lambda count: tf.random.stateless_uniform((count,), stream),
                tf.shape(real)[0],
            )
            penalty = losses.gradient_penalty_of(
                lambda x: self._score(x, training), real, fake, share
            )
            values["gradient_penalty"] = penalty
            values["d_loss"] += loss.gradient_penalty * penalty
        elif self.real_penalty:
            penalty = none = tf.zeros((), self.recovery_dtype)
            if training:
                now = step % _PENALTY_EVERY == 0
                penalty = cond(now, lambda: self._steepness(real), lambda: none)
            values["gradient_penalty"] = _PENALTY_EVERY * penalty
            weight = self.real_penalty
            if isinstance(weight, _Schedule):
                weight = tf.cast(weight(step), penalty.dtype)
            values["d_loss"] += weight * values["gradient_penalty"]
        return values

    def _steepness(self, real):
        """Half the mean squared length of the score's gradient, a scalar."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(real)
            score = self._score(real)
        slope = tf.cast(tape.gradient(score, real), score.dtype)
        return 0.5 * tf.reduce_mean(tf.reduce_sum(slope**2, axis=(1, 2, 3)))

    def _score(self, x, training=True):
        """Scores (batch, 1), in float32 at least."""
        return tf.cast(self.discriminator(x, training=training), self.recovery_dtype)

    def get_compile_config(self):
        config = super().get_compile_config()
        if not config:
            return {}
        return {
            **config,
            "adversarial_loss": keras.saving.serialize_keras_object(
                self.adversarial_loss
            ),
            "d_steps": self.d_steps,
            "g_steps": self.g_steps,
            "real_penalty": keras.saving.serialize_keras_object(self.real_penalty),
        }

    def get_config(self):
        return {
            **super().get_config(),
            "signal_shape": self.signal_shape,
            "width": self.width,
            "normalization": self.normalization,
            "minibatch_std": self.minibatch_std,
        }
