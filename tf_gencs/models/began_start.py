"""How the generator of a BEGAN starts as the decoder of its trained discriminator."""

import keras
import numpy as np

from tf_gencs import checks, pixels
from tf_gencs.models.image_checks import check_image_shape


class StartsAsDecoder:
    """Mixin of a GAN whose discriminator is an autoencoder, and G perhaps its decoder.

    It has `discriminator`, `code_dim`, `latent_dim`, `latent_prior`, `generator` and
    `training_generator`.
    """

    def start_from_autoencoder(self, images, batch_size=100):
        """Makes G the decoder of D, whose codes become spread as latents are.

        D computes what it did: a linear map of its codes, and back, gives those of
        `images` the prior's mean and deviation, and makes them uncorrelated. Directions
        with less than a thousandth of the largest variance get less of it. To be called
        before training, whose optimizers know the weights of before.

        Args:
            images: array (batch, *signal_shape) in `value_range`, at least 2; far more
                than `code_dim`, for the covariance of their codes.
            batch_size: images that D sees at a time.

        Raises:
            ValueError: images of another shape or range, too few, or whose codes are
                not finite or all alike; a model without D or with a `code_dim` other
                than `latent_dim`.
        """
        self._check_decodes("`start_from_autoencoder` is not possible")
        draws = self.latent_prior.sample((4096, self.code_dim), 0).numpy()
        spread_codes(self.discriminator, images, draws, batch_size)
        for generator in (self.generator, self.training_generator):
            copy_decoder(self.discriminator, generator)

    def latents_of_codes(self, real, code):
        """Latents of which G as D's decoder makes images again; here their codes."""
        del real
        return code

    def _check_decodes(self, demand):
        """Raises ValueError that begins with `demand` if G cannot decode D's codes."""
        if self.discriminator is None:
            raise ValueError(
                f"{demand}: this model has no discriminator. Presets keep one if saved "
                "by `save_to_preset(path, discriminator=True)`."
            )
        name, count = self._decoded_by
        if self.code_dim != count:
            raise ValueError(
                f"{demand}: `code_dim` is {self.code_dim} and `{name}` {count}, and G "
                "decodes codes only if they are the same."
            )

    @property
    def _decoded_by(self):
        """How many of the latents stand for codes, and what that is called."""
        return "latent_dim", self.latent_dim


def spread_codes(discriminator, images, draws, batch_size):
    """Spreads the codes of images as draws are spread; what D computes stays the same.

    A linear map behind the encoder, and back before the decoder, gives the codes the
    mean and deviation of `draws` and makes them uncorrelated.

    Args:
        discriminator: an autoencoder with the layers "code" and "dense" that follows;
            both change.
        images: array (batch, *signal_shape) in D's range, at least 2.
        draws: latents (count, code_dim).
        batch_size: images that D sees at a time.

    Raises:
        ValueError: images of another shape or range, too few, or whose codes are not
            finite or all alike.
    """
    shape = discriminator.input_shape[1:]
    check_image_shape(images, shape, "images")
    images = checks.float_array(images, "images", shape)
    pixels.refuse(images, discriminator.value_range, "images")
    batch_size = checks.integer(batch_size, "batch_size")
    if len(images) < 2:
        raise ValueError(f"`images` must be at least 2. Received: {len(images)} images")
    code, dense = (discriminator.get_layer(name) for name in ("code", "dense"))
    encoder = keras.Model(discriminator.input, code.output)
    codes = encoder.predict(images, batch_size=batch_size, verbose=0)
    codes = codes.astype("float64")
    if not np.isfinite(codes).all():
        raise ValueError(
            "`images` must have finite codes: they, or D's weights, are not finite "
            f"or too large. Received: {images!r}"
        )
    variances, axes = np.linalg.eigh(np.atleast_2d(np.cov(codes, rowvar=False)))
    if variances[-1] <= 1e-10 * np.mean(codes**2):
        raise ValueError(
            "`images` must differ in their codes: train `discriminator` on (x, x) "
            f'with the loss "mae" before. Received: {len(codes)} images with one '
            "code"
        )
    # The floor keeps the map from blowing up what codes hardly differ in.
    deviations = np.sqrt(np.maximum(variances, 1e-3 * variances[-1]))
    # new = (old - mean) @ forth + centre, and old = new @ back + offset.
    forth = axes * (draws.std() / deviations)
    back = (deviations / draws.std())[:, None] * axes.T
    mean, centre = codes.mean(axis=0), draws.mean()
    offset = mean - centre * back.sum(axis=0)
    kernel, bias = code.get_weights()
    code.set_weights([kernel @ forth, (bias - mean) @ forth + centre])
    kernel, bias = dense.get_weights()
    dense.set_weights([back @ kernel, offset @ kernel + bias])


def copy_decoder(discriminator, generator):
    """Gives each layer of the generator the weights of D's layer of that name.

    Where the generator takes more than codes, what it takes besides does nothing yet.
    """
    for layer in generator.layers:
        if layer.weights:
            copied = discriminator.get_layer(layer.name).get_weights()
            more = layer.weights[0].shape[0] - copied[0].shape[0]
            if more:
                copied[0] = np.pad(copied[0], [(0, more), (0, 0)])
            layer.set_weights(copied)
