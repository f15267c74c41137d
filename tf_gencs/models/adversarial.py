"""What all models that train against a discriminator share."""

import keras
import tensorflow as tf

from tf_gencs import checks, keras_arguments, seeds
from tf_gencs.models.generative_model import GenerativeModel
from tf_gencs.models.optimizer_pair import OptimizerPair
from tf_gencs.models.replicas import draw_rows, means_of, rows_of, variance
from tf_gencs.models.trains_on_images import TrainsOnImages


class AdversarialModel(TrainsOnImages, GenerativeModel):
    """A generator that learns from a discriminator; base of `DCGAN` and `BEGAN`.

    Whatever is random in a training step follows from `seed` and the number of the
    step, and the whole state of training is in a `.keras` file: training that goes on
    from a file equals, bit for bit, training that was never stopped.

    Subclasses write `training_losses` and `test_losses`, which return a number for each
    of `metrics`, named in `metric_names`, and `default_optimizer`.

    Args:
        generator: Keras model z -> x.
        discriminator: Keras model of x, or None; without one there is no training.
        seed: of the latents that training draws and, in `DCGAN` and `BEGAN`, of the
            initial weights; None draws one from Keras's own stream
            (`keras.utils.set_random_seed`).
        **kwargs: as for `GenerativeModel`.

    Attributes:
        generator: what `generate`, `recover` and presets use: the averaged generator
            where `compile(ema=...)` asks for one, else the one that trains.
        raw_generator: the generator that trains, where `generator` is its average;
            else None.
        discriminator: Keras model of x, or None.
        training_steps: number of batches trained on, a weight.

    Example:

    ```python
    dcgan = gencs.models.DCGAN((16, 16, 1), latent_dim=4, width=4, seed=0)
    isinstance(dcgan, gencs.models.AdversarialModel)
    dcgan.compile(d_optimizer="adam", g_optimizer="adam", adversarial_loss="hinge")
    ```
    """

    metric_names = ()
    preset_parts = ("generator",)  # what every preset has the weights of

    def __init__(self, generator, discriminator, seed=None, **kwargs):
        super().__init__(generator, **kwargs)
        self.discriminator = discriminator
        self.seed = seeds.resolve(seed)
        self.raw_generator = None
        self.training_steps = self.add_weight(
            (), "zeros", "int64", trainable=False, name="training_steps"
        )
        self._means = {name: keras.metrics.Mean(name) for name in self.metric_names}

    def compile(self, d_optimizer=None, g_optimizer=None, *unnamed, ema=None, **kwargs):
        """Sets how to train and how to recover.

        Args:
            d_optimizer, g_optimizer: Keras optimizers of the discriminator and of the
                generator, objects or names; None for the reference's.
            ema: None, or a decay below 1, such as 0.999: `generator` is then the moving
                average of the weights that train, which counts the last 1 / (1 - ema)
                steps or so, and earlier on as many as there were. It makes the better
                images. Without it, training goes on from the averaged weights.
            *unnamed, **kwargs: as for `GenerativeModel.compile`.

        Raises:
            ValueError: naming the argument that is wrong.

        Source of the average: Yaz et al., "The unusual effectiveness of averaging in
        GAN training", ICLR 2019.
        """
        if kwargs.pop("optimizer", None) is not None:
            raise ValueError(
                "`optimizer` must be None: give `d_optimizer` and `g_optimizer`, one "
                "for each network."
            )
        if ema is not None:
            ema = checks.number(ema, "ema", above=0, below=1)
        scaled = kwargs.get("auto_scale_loss", True)
        d_optimizer = self._optimizer(d_optimizer, "d_optimizer", scaled)
        g_optimizer = self._optimizer(g_optimizer, "g_optimizer", scaled)
        if d_optimizer is g_optimizer:
            raise ValueError(
                "`g_optimizer` must be another object than `d_optimizer`: each keeps "
                f"the state of one network. Received: {g_optimizer!r} for both"
            )
        super().compile(None, *unnamed, **kwargs)
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self._set_average(ema)

    def default_optimizer(self):
        """A new optimizer as the reference has it."""
        raise NotImplementedError

    def training_losses(self, real, step):
        """Trains both networks on one batch.

        Args:
            real: images (batch, *signal_shape) in the dtype of the networks.
            step: number of the training step, a scalar tensor.

        Returns:
            Dict from names of `metrics` to scalars.
        """
        raise NotImplementedError

    def test_losses(self, real):
        """The same metrics of a batch, without training."""
        raise NotImplementedError

    def draw_latents(self, real, *when, purpose="training"):
        """Latents of the prior, as many as images, from seed and step."""
        stream = seeds.at_step(seeds.stream(self.seed, purpose), *when)
        dtype, draw = self.recovery_dtype, self.latent_prior.draw
        return draw_rows(
            lambda count: draw((count, self.latent_dim), stream, dtype),
            tf.shape(real)[0],
        )

    @property
    def training_generator(self):
        """The generator whose weights the optimizer moves."""
        return self.generator if self.raw_generator is None else self.raw_generator

    @property
    def metrics(self):
        return list(self._means.values())

    @property
    def optimizer(self):
        """Both optimizers, for Keras's callbacks; None before `compile`."""
        if getattr(self, "d_optimizer", None) is None:
            return None
        return OptimizerPair(self.optimized)

    @property
    def optimized(self):
        """Pairs of an optimizer and the network that it moves, D's first."""
        return [
            (self.d_optimizer, self.discriminator),
            (self.g_optimizer, self.training_generator),
        ]

    @optimizer.setter
    def optimizer(self, value):
        """Takes the None that Keras's `compile` sets."""

    def fit(self, *args, callbacks=None, **kwargs):
        keras_arguments.check_callbacks(callbacks)
        if self.optimizer is not None:
            keras_arguments.check_rates(
                callbacks, d_optimizer=self.d_optimizer, g_optimizer=self.g_optimizer
            )
        return super().fit(*args, callbacks=callbacks, **kwargs)

    def make_train_function(self, force=False):
        if self.discriminator is None:
            raise ValueError(
                "This model has no discriminator to train against: its preset was "
                "saved without. Make a new model and give its generator these weights, "
                "or save presets by `save_to_preset(path, discriminator=True)`."
            )
        self.optimizer.build()
        return super().make_train_function(force)

    def training_batch(self, data, training):
        """What `training_losses` takes as `real`, of what Keras gives to a step."""
        images, _ = self.take_images(data, training)
        return tf.cast(images, self.compute_dtype)

    def images_of(self, real):
        """The images in what `training_batch` gives."""
        return real

    def train_step(self, data):
        with rows_of(data):
            real = self.training_batch(data, training=True)
            step = tf.convert_to_tensor(self.training_steps)
            losses = self.training_losses(real, step)
            self._average(step)
            self.training_steps.assign_add(1)
            return self._update_metrics(losses)

    def test_step(self, data):
        with rows_of(data):
            real = self.training_batch(data, training=False)
            return self._update_metrics(self.test_losses(real))

    def _update_metrics(self, values):
        values = means_of(values)
        for mean in self.metrics:
            mean.update_state(values[mean.name])
        return {mean.name: mean.result() for mean in self.metrics}

    def _optimizer(self, identifier, argument, scale_loss):
        default = self.default_optimizer()
        optimizer = keras_arguments.optimizer_of(identifier, argument, default)
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        if scale_loss and self.dtype_policy.name == "mixed_float16" and not scaled:
            # As Keras does with `optimizer`: small gradients would come to nothing.
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        return optimizer

    def _set_average(self, ema):
        self.ema = ema
        if ema is None and self.raw_generator is not None:
            self._tracker.untrack(self.raw_generator)  # or it stays among the weights
            self.raw_generator = None
        elif ema is not None and self.raw_generator is None:
            raw = keras.models.clone_model(self.generator)
            raw.set_weights(self.generator.get_weights())
            self.raw_generator = raw

    def _average(self, step):
        """Moves the averaged generator, statistics of its normalizations included."""
        if self.ema is None:
            return
        step = tf.cast(step, tf.float32)
        # Else the initial weights would count for the first 1 / (1 - ema) steps.
        decay = tf.minimum(self.ema, (1 + step) / (10 + step))
        pairs = zip(self.generator.weights, self.raw_generator.weights, strict=True)
        for mean, raw in pairs:
            share = tf.cast(1 - decay, mean.dtype)
            mean.assign_add(share * (raw - mean))

    def get_compile_config(self):
        config = super().get_compile_config()
        if not config:
            return {}
        serialize = keras.saving.serialize_keras_object
        return {
            **config,
            "d_optimizer": serialize(self.d_optimizer),
            "g_optimizer": serialize(self.g_optimizer),
            "optimizers_built": self.d_optimizer.built,
            "ema": self.ema,
        }

    def compile_from_config(self, config):
        config = dict(config)
        built = config.pop("optimizers_built", False)
        super().compile_from_config(config)
        if built:
            # The saved optimizer state finds its variables only if they exist.
            self.optimizer.build()

    def save_to_preset(
        self, path, record=None, *, discriminator=False, storage_dtype=None
    ):
        """Writes the model as a preset folder.

        Args:
            path, record, storage_dtype: as for `GenerativeModel.save_to_preset`.
            discriminator: whether to keep the discriminator too. Recovery without its
                score does well without it; training does not.
        """
        keep = bool(discriminator) and self.discriminator is not None
        config = {**self.get_config(), "with_discriminator": keep}
        bare = type(self).from_config(config)
        for part in (*self.preset_parts, *["discriminator"] * keep):
            getattr(bare, part).set_weights(getattr(self, part).get_weights())
        self._save_bare(bare, path, record, storage_dtype)

    def get_config(self):
        config = super().get_config()
        # The networks follow from the sizes.
        for name in ("generator", "encoder"):
            del config[name]
        with_discriminator = self.discriminator is not None
        return {**config, "seed": self.seed, "with_discriminator": with_discriminator}


def sample_std(images):
    """Mean over the pixels of their standard deviation over the batch, a scalar."""
    images = tf.cast(images, tf.float32)
    return tf.reduce_mean(tf.sqrt(variance(images)))
