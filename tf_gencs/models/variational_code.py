"""The middle of an autoencoder whose codes become like draws from a prior."""

import keras
import tensorflow as tf

from tf_gencs import checks, seeds


@keras.saving.register_keras_serializable(package="tf_gencs")
class VariationalCode(keras.layers.Layer):
    """Adds noise to codes in training, and a loss that spreads codes as a prior does.

    The noise has a learnt deviation for each number of the code; without training
    codes pass as they are. The loss is the Kullback-Leibler divergence of the noisy
    code from N(mean, deviation^2), summed over the code and averaged over the batch.

    Args:
        mean, deviation: of the prior.
        weight: of the divergence among the losses.
        seed: seed of the noise; None draws one. The noise of a step follows from it and
            the number of the step.
        **kwargs: as for `keras.layers.Layer`.

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
    """

    def __init__(self, mean=0.0, deviation=1.0, weight=1.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.mean = checks.number(mean, "mean")
        self.deviation = checks.number(deviation, "deviation", above=0)
        self.weight = checks.number(weight, "weight", at_least=0)
        self.seed = seeds.resolve(seed)

    def build(self, input_shape):
        # Of the noise, as a part of the prior's.
        start = keras.initializers.Constant(-1.5)
        self.log_deviation = self.add_weight(input_shape[-1:], start, name="deviation")
        self.steps = self.add_weight(
            (), "zeros", "int64", trainable=False, name="steps"
        )
        self.built = True

    def noise_deviation(self):
        """Deviations of the noise, (code,)."""
        return self.deviation * tf.exp(self.log_deviation)

    def call(self, code, training=False):
        wide = tf.cast(code, self.variable_dtype)
        unit = (wide - self.mean) / self.deviation
        log_variance = 2 * tf.convert_to_tensor(self.log_deviation)
        divergence = 0.5 * tf.reduce_sum(
            tf.square(unit) + tf.exp(log_variance) - 1 - log_variance, axis=-1
        )
        self.add_loss(self.weight * tf.reduce_mean(divergence))
        if not training:
            return code
        stream = seeds.at_step(seeds.stream(self.seed, "code"), self.steps)
        self.steps.assign_add(1)
        noise = tf.random.stateless_normal(tf.shape(wide), stream, dtype=wide.dtype)
        return tf.cast(wide + self.noise_deviation() * noise, code.dtype)

    def get_config(self):
        own = ("mean", "deviation", "weight", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
