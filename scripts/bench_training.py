"""Times a training step of DCGAN beside the Keras documentation's pattern.

    ./scripts/bench_training                  # 64 x 64 x 3, width 32, batch 64
    ./scripts/bench_training --width 64 --seconds 120

The sides take turns in one process, and medians count:

ours           `gencs.models.DCGAN.train_step`
keras          the train_step of Keras's "DCGAN to generate face images" with the same
               networks, losses and optimizers: images are made twice, real and
               generated ones go through the discriminator in one batch, two tapes
keras, plain   the same with Keras's own convolution layers in the networks
convolutions   no more than the multiplications and additions of the convolutions that
               a step needs, at the rate of TensorFlow's matrix product

The last column is the ratio to ours.
"""

import argparse

import quiet_tensorflow  # noqa: F401
import keras
import networks
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
        "keras, plain": keras_pattern(options, shape, real, networks.plain),
        "product": product,
    }
    *times, product_time = interleaved_medians(
        [repeated(side) for side in sides.values()], options.seconds
    )
    rate = PRODUCT_OPERATIONS / product_time
    operations = convolution_operations(options, shape)
    times = {
        **dict(zip(sides, times, strict=False)),
        "convolutions": operations / rate,
    }
    print(
        f"{options.size} x {options.size} x {options.channels}, width {options.width}, "
        f"batch {options.batch_size}, {threads()} threads: convolutions of "
        f"{operations / 1e9:.1f} GFLOP, products at {rate / 1e9:.0f} GFLOP/s"
    )
    for name, seconds in times.items():
        print(f"{name:>14} {1e3 * seconds:9.1f} ms {seconds / times['ours']:7.2f}x")


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


def keras_pattern(options, shape, real, change=lambda network: network):
    model = DocumentedGAN(
        change(dcgan_discriminator(shape, options.width)),
        change(dcgan_generator(options.latent_dim, shape, options.width)),
        options.latent_dim,
    )
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


def convolution_operations(options, shape):
    """Multiplications and additions of all convolutions of a step."""
    total = 0
    for layer in dcgan_discriminator(shape, options.width).layers:
        if isinstance(layer, keras.layers.Conv2D):
            # Forward for real, fake and the generator's step; back to the weights for
            # real and fake, to the input for all three but the images of D's step.
            passes = 6 if layer.name.endswith("_0") else 8
            total += passes * networks.operations(layer)
    for layer in dcgan_generator(options.latent_dim, shape, options.width).layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            # Forward, back to the weights, back to the input.
            total += 3 * networks.operations(layer)
    return options.batch_size * total


def product():
    return tf.matmul(*_FACTORS)


_FACTORS = tf.random.normal((4096, 1024)), tf.random.normal((1024, 512))
PRODUCT_OPERATIONS = 2 * 4096 * 1024 * 512


if __name__ == "__main__":
    main()
