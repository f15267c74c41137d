"""Times a training step of DCGAN beside the Keras documentation's pattern.

    ./scripts/bench_training                  # 64 x 64 x 3, width 32, batch 64
    ./scripts/bench_training --width 64 --seconds 120

Three sides take turns in one process, and medians count:

ours          `gencs.models.DCGAN.train_step`
keras         the train_step of Keras's "DCGAN to generate face images" with the same
              networks, losses and optimizers: images are made twice, real and generated
              ones go through the discriminator in one batch, two tapes
convolutions  every convolution that a step of ours cannot do without, each as the one
              TensorFlow op that computes it, on data of the same sizes and with nothing
              else around it

The last column is the ratio to ours.
"""

import argparse

import quiet_tensorflow  # noqa: F401
import keras
import tensorflow as tf
from timing import interleaved_medians, repeated, threads

import tf_gencs as gencs
from tf_gencs.models.networks import dcgan_discriminator, dcgan_generator


def main():
    options = parse()
    shape = (options.size, options.size, options.channels)
    real = tf.random.stateless_uniform((options.batch_size, *shape), (0, 1), -1, 1)
    sides = {
        "ours": ours(options, shape, real),
        "keras": keras_pattern(options, shape, real),
        "convolutions": convolutions(options, shape),
    }
    times = interleaved_medians(
        [repeated(side) for side in sides.values()], options.seconds
    )
    print(
        f"{options.size} x {options.size} x {options.channels}, width {options.width}, "
        f"batch {options.batch_size}, {threads()} threads"
    )
    for name, seconds in zip(sides, times, strict=True):
        print(f"{name:>14} {1e3 * seconds:9.1f} ms {seconds / times[0]:7.2f}x")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--channels", type=int, default=3)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--latent-dim", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    return parser.parse_args()


def ours(options, shape, real):
    model = gencs.models.DCGAN(shape, options.latent_dim, options.width, seed=0)
    model.compile()
    return steps_of(model, real)


def keras_pattern(options, shape, real):
    generator = dcgan_generator(options.latent_dim, shape, options.width)
    discriminator = dcgan_discriminator(shape, options.width)
    model = DocumentedGAN(discriminator, generator, options.latent_dim)
    model.compile(
        keras.optimizers.Adam(2e-4, beta_1=0.5),
        keras.optimizers.Adam(2e-4, beta_1=0.5),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    return steps_of(model, real)


def steps_of(model, real):
    """What `fit` calls for a batch, without its progress bar."""
    model.make_train_function()
    batches = iter(tf.data.Dataset.from_tensors(real).repeat())
    return lambda: model.train_function(batches)


class DocumentedGAN(keras.Model):
    """The custom training step that Keras's guides and examples show."""

    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.seed_generator = keras.random.SeedGenerator(0)
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")
        self.built = True

    @property
    def metrics(self):
        return [self.d_loss_tracker, self.g_loss_tracker]

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    def train_step(self, real):
        count = tf.shape(real)[0]
        z = keras.random.normal((count, self.latent_dim), seed=self.seed_generator)
        fake = self.generator(z, training=True)
        both = tf.concat([fake, real], axis=0)
        labels = tf.concat([tf.zeros((count, 1)), tf.ones((count, 1))], axis=0)
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(both, training=True))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply(tape.gradient(d_loss, weights), weights)
        z = keras.random.normal((count, self.latent_dim), seed=self.seed_generator)
        with tf.GradientTape() as tape:
            fake = self.generator(z, training=True)
            scores = self.discriminator(fake, training=True)
            g_loss = self.loss_fn(tf.ones((count, 1)), scores)
        weights = self.generator.trainable_weights
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        self.d_loss_tracker.update_state(d_loss)
        self.g_loss_tracker.update_state(g_loss)
        return {mean.name: mean.result() for mean in self.metrics}


def convolutions(options, shape):
    """A function that runs all convolutions of a step, one by one."""
    generator = dcgan_generator(options.latent_dim, shape, options.width)
    discriminator = dcgan_discriminator(shape, options.width)
    runs = []
    for layer in discriminator.layers:
        if isinstance(layer, keras.layers.Conv2D):
            first = layer.name.endswith("_0")
            # Forward for real, fake and the generator's step; back to the weights for
            # real and fake, to the input for all three but the images of D's step.
            runs += [(layer, "forward", 3), (layer, "to_weights", 2)]
            runs += [(layer, "to_input", 1 if first else 3)]
    for layer in generator.layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            # A transposed convolution is the way back of one, and the other way round.
            runs += [(layer, "to_input", 1), (layer, "to_weights", 1)]
            runs += [(layer, "forward", 1)]
    functions = [
        (convolution(layer, which, options.batch_size), times)
        for layer, which, times in runs
    ]

    def run():
        for function, times in functions:
            for _ in range(times):
                function()

    return run


def convolution(layer, which, batch):
    """One op of the strided convolution that belongs to a layer."""
    transposed = isinstance(layer, keras.layers.Conv2DTranspose)
    large, small = layer.input.shape[1:], layer.output.shape[1:]
    if transposed:
        large, small = small, large
    kernel = tf.constant(layer.kernel)
    x = tf.random.stateless_normal((batch, *large), (0, 1))
    y = tf.random.stateless_normal((batch, *small), (0, 2))
    settings = {"strides": [1, 2, 2, 1], "padding": "SAME"}
    raw = tf.raw_ops
    if which == "forward":
        function = tf.function(lambda: raw.Conv2D(input=x, filter=kernel, **settings))
    elif which == "to_input":
        function = tf.function(
            lambda: raw.Conv2DBackpropInput(
                input_sizes=x.shape, filter=kernel, out_backprop=y, **settings
            )
        )
    else:
        function = tf.function(
            lambda: raw.Conv2DBackpropFilter(
                input=x, filter_sizes=kernel.shape, out_backprop=y, **settings
            )
        )
    return function.get_concrete_function()


if __name__ == "__main__":
    main()
