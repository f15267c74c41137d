"""A mask of the places of k-space that tell a model's images apart."""

import numpy as np

from tf_gencs import seeds
from tf_gencs.layers.support import leverage


def adapted_mask(shape, acceleration, model, seed=None, draws=None):
    """Draws places of centred k-space by their leverage; see `fourier_mask`.

    Args:
        shape: (height, width).
        acceleration: at least 1; exactly round(height * width / acceleration) places.
        model: a `gencs.models.GenerativeModel` of images (height, width, channels);
            two channels are real and imaginary part, as for `FourierMeasurement`.
        seed: of latents and places.
        draws: latents whose tangents are looked at; None for 100.

    Returns:
        Array of bool (height, width).
    """
    height, width, channels = _checked(shape, model)
    seed = seeds.resolve(seed)
    rng = np.random.default_rng([seed, *b"adapted"])
    count = max(1, round(height * width / acceleration))

    def measure(x):
        spectrum = _spectrum(x)
        # The leverage of a place is that of all its channels together.
        return np.sqrt(np.sum(np.abs(spectrum) ** 2, axis=-1)).reshape(len(x), -1)

    found = leverage.mean_leverage(model, measure, draws, seed)
    if channels == 2:
        rows, _ = leverage.draw_rows(found, count, rng)
    else:
        rows = _draw_of_pairs(found.reshape(height, width), count, rng)
    mask = np.zeros(height * width, bool)
    mask[rows] = True
    return mask.reshape(height, width)


def _checked(shape, model):
    signal_shape = getattr(model, "signal_shape", None)
    if model is None or signal_shape is None:
        raise ValueError(
            "`model` must be a `gencs.models.GenerativeModel` for an 'adapted' mask. "
            f"Received: {model!r}"
        )
    if len(shape) != 2 or len(signal_shape) != 3 or signal_shape[:2] != tuple(shape):
        raise ValueError(
            "`shape` must be (height, width) of the model's images, "
            f"{tuple(signal_shape)}, for an 'adapted' mask. Received: {tuple(shape)}"
        )
    return signal_shape


def _spectrum(x):
    """Centred orthonormal transform: (batch, height, width, images)."""
    if x.shape[-1] == 2:
        x = (x[..., 0] + 1j * x[..., 1])[..., None]
    x = np.fft.ifftshift(x, axes=(1, 2))
    return np.fft.fftshift(np.fft.fft2(x, axes=(1, 2), norm="ortho"), axes=(1, 2))


def _draw_of_pairs(found, count, rng):
    """Places of the spectrum of real images, where two in a pair say the same.

    One of each pair is drawn; second ones only where there are no more first ones.
    """
    height, width = found.shape
    places = np.arange(found.size)
    y, x = np.divmod(places, width)
    # The frequency of place y is y - height // 2, that of its partner the negative.
    partner_y = (2 * (height // 2) - y) % height
    partner = partner_y * width + (2 * (width // 2) - x) % width
    first = places[places <= partner]
    rows, _ = leverage.draw_rows(found.flat[first], min(count, len(first)), rng)
    rows = first[rows]
    second = partner[rows]
    swapped = (rng.random(len(rows)) < 0.5) & (second != rows)
    chosen = np.where(swapped, second, rows)
    if count > len(first):
        others = np.setdiff1d(places, chosen)
        more, _ = leverage.draw_rows(found.flat[others], count - len(first), rng)
        chosen = np.concatenate([chosen, others[more]])
    return chosen
