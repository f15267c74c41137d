"""Spectral norms of convolutions from above, strides and zero padding included.

Zeros around an image cut a piece out of the convolution of all the plane, whose norm is
the largest of its kernel's spectrum K(w), a matrix from channels to channels for each
frequency w. A stride makes every `stride`-th place a channel of its own. A transposed
convolution has the norm of the convolution that it transposes.

On a grid of N frequencies the spectrum is seen up to a factor 1 / cos(pi d / N) along
each axis, d being its degree as a trigonometric polynomial.

Sources: Sedghi, Gupta and Long, "The singular values of convolutional layers", ICLR
2019; Ehlich and Zeller, "Schwankung von Polynomen zwischen Gitterpunkten", 1964.
"""

import itertools
import math

import numpy as np

from tf_gencs.theory.lipschitz.gram import gram_norm, largest_gram_norm

_GRID = 32  # frequencies along each axis
_AT_ONCE = 2**23  # entries of K(w)
# Sizes up to which the very matrix is looked at: there edges matter.
_DENSE, _DENSE_ENTRIES = 1200, 2**23


def convolution_norm(kernel, strides=1, exact=None, steps=9):
    """An upper bound on ||conv(x)|| / ||x||.

    Args:
        kernel: array (*taps, channels, filters), along one to three axes.
        strides: an int, or one for each axis.
        exact: None, or a pair of the matrix's size, (outputs, inputs), and a function
            that gives the matrix or its transpose, of a convolution on images of one
            size; it is asked where they are small.
        steps: of the Gram iteration.

    Returns:
        A float.
    """
    kernel = np.asarray(kernel, "float64")
    axes = kernel.ndim - 2
    if exact is not None:
        size, matrix = exact
        if min(size) <= _DENSE and math.prod(size) <= _DENSE_ENTRIES:
            return gram_norm(matrix(), steps)
    kernel = _without_strides(kernel, np.broadcast_to(strides, axes))
    taps = kernel.shape[:axes]
    lower = upper = 0.0
    for spectrum in _spectra(kernel, taps):
        found, bound = largest_gram_norm(spectrum, steps, lower)
        lower, upper = max(lower, found), max(upper, bound)
    return upper * math.prod(map(_missed, taps))


def _without_strides(kernel, strides):
    """The kernel on phases of the input: (*fewer taps, phases * channels, filters)."""
    taps = kernel.shape[: len(strides)]
    # Up to a multiple of the stride, so that all phases have as many.
    padding = [
        (0, -count % stride) for count, stride in zip(taps, strides, strict=True)
    ]
    kernel = np.pad(kernel, [*padding, (0, 0), (0, 0)])
    phases = [
        kernel[tuple(slice(p, None, s) for p, s in zip(phase, strides, strict=True))]
        for phase in itertools.product(*map(range, strides))
    ]
    return np.concatenate(phases, axis=len(strides))


def _spectra(kernel, taps):
    """K(w) on the grid, some (frequencies, channels, filters) at a time.

    A real kernel has the same singular values at w and -w: half of them will do.
    """
    grids = [np.arange(_grid(count)) / _grid(count) for count in taps]
    grids[0] = grids[0][: len(grids[0]) // 2 + 1]
    frequencies = np.array(list(itertools.product(*grids)))
    places = np.array(list(itertools.product(*map(range, taps))))
    flat = kernel.reshape(len(places), -1).astype("complex64")
    chunk = max(1, _AT_ONCE // flat.shape[1])
    for start in range(0, len(frequencies), chunk):
        phase = frequencies[start : start + chunk] @ places.T
        waves = np.exp(-2j * np.pi * phase).astype("complex64")
        yield (waves @ flat).reshape(-1, *kernel.shape[-2:])


def _grid(taps):
    return 1 if taps == 1 else max(_GRID, 8 * taps)


def _missed(taps):
    """By how much the largest value may exceed that on the grid, along one axis."""
    grid = _grid(taps)
    if taps % 2:  # a polynomial of degree (taps - 1) / 2, but for a phase
        return 1 / math.cos(math.pi * (taps - 1) / (2 * grid))
    # Of an even number of taps only the square is one, of degree taps - 1.
    return math.cos(math.pi * (taps - 1) / grid) ** -0.5
