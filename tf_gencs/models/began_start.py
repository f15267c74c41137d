"""How the generator of a BEGAN starts as the decoder of its trained discriminator."""

import keras
import numpy as np

from tf_gencs import checks, pixels
from tf_gencs.models.image_checks import check_image_shape


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
    """Gives each layer of the generator the weights of D's layer of that name."""
    for layer in generator.layers:
        if layer.weights:
            layer.set_weights(discriminator.get_layer(layer.name).get_weights())
