"""Which places of k-space an MRI scan visits."""

import math

import numpy as np

from tf_gencs import checks, seeds
from tf_gencs.layers.fourier.adapted_mask import adapted_mask

_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5)) / 2  # between spokes, folded to [0, pi)


def fourier_mask(
    kind, shape, acceleration, center_lines=0, seed=None, model=None, draws=None
):
    """Makes a mask of centred k-space, for `FourierMeasurement`.

    "equispaced", "random" and "variable_density" take whole columns (phase-encoding
    lines), exactly round(width / acceleration) of them, the middle `center_lines`
    among them: evenly spread, uniformly drawn, or drawn with a density that falls as
    (1 - distance)^3 from the centre. "poisson_disc" takes points, exactly
    round(height * width / acceleration) of them, no two closer than a distance that
    grows from the centre, apart from a fully sampled middle square of `center_lines`
    x `center_lines`. "radial" takes spokes through the centre, each turned by the
    golden angle against the last, until that many points are covered. "adapted" takes
    exactly round(height * width / acceleration) points, by what they tell of a
    generative model's images: each with a chance in proportion to its leverage, the
    mean over latents of its share in the tangents of G's range, and at most 1. Of two
    points that say the same of real images it takes one.

    Args:
        kind: one of these names.
        shape: (height, width) of the image; (length,) for kinds that take columns.
        acceleration: how many times fewer places than pixels, at least 1.
        center_lines: size of the fully sampled middle, from 0 to what the
            acceleration allows; not for "radial" and "adapted".
        seed: seed of what is random; None draws one.
        model: the `gencs.models.GenerativeModel` of an "adapted" mask.
        draws: how many latents an "adapted" mask looks at; None for 100.

    Returns:
        Array of bool of that shape.

    Raises:
        TypeError: `model` is no generative model.
        ValueError: an unknown kind, an argument outside its range or of no use to that
            kind, or a model of other images.

    Example:

    ```python
    mask = gencs.layers.fourier_mask(
        "variable_density", (28, 28), acceleration=4, center_lines=4, seed=0
    )
    A = gencs.layers.FourierMeasurement(mask)
    y = A(x)
    ```

    Source: Lustig, Donoho and Pauly, "Sparse MRI", 2007; Bridson, "Fast Poisson disk
    sampling in arbitrary dimensions", 2007; Winkelmann et al., "An optimal radial
    profile order based on the golden ratio", 2007; Berk et al., "Model-adapted Fourier
    sampling for generative compressed sensing", NeurIPS 2023 workshop.
    """
    checks.choice(kind, "kind", (*KINDS, ADAPTED))
    shape = checks.sizes(shape, "shape")
    if len(shape) != 2 and (len(shape) != 1 or kind not in _OF_COLUMNS):
        raise ValueError(
            f"`shape` must be (height, width) for a {kind!r} mask, or (length,) for "
            f"one of {_OF_COLUMNS}. Received: {shape}"
        )
    acceleration = checks.number(acceleration, "acceleration", at_least=1)
    center_lines = checks.integer(center_lines, "center_lines", at_least=0)
    if kind == ADAPTED:
        if center_lines:
            raise ValueError(
                "`center_lines` must be 0 for an adapted mask: the model says what is "
                f"taken for sure. Received: {center_lines}"
            )
        return adapted_mask(shape, acceleration, model, seed, draws)
    for name, value in {"model": model, "draws": draws}.items():
        if value is not None:
            raise ValueError(
                f"`{name}` must be None for a {kind!r} mask. Received: {value!r}"
            )
    rng = np.random.default_rng([seeds.resolve(seed), *kind.encode()])
    height, width = shape if len(shape) == 2 else (1, *shape)
    mask = _KINDS[kind](height, width, acceleration, center_lines, rng)
    return mask.reshape(shape)


def _columns(choose):
    """A mask of whole columns, of which `choose` picks those outside the middle."""

    def make(height, width, acceleration, center_lines, rng):
        count = max(1, round(width / acceleration))
        start = _check_center(center_lines, count, width, "columns")
        chosen = np.zeros(width, bool)
        chosen[start : start + center_lines] = True
        others = np.flatnonzero(~chosen)
        chosen[choose(others, count - center_lines, width, rng)] = True
        return np.tile(chosen, (height, 1))

    return make


def _check_center(center_lines, count, width, what):
    """Where a middle of this size begins, if so many places have room for it."""
    if center_lines > count:
        raise ValueError(
            f"`center_lines` must be at most {count}, the {what} that `acceleration` "
            f"leaves of {width}. Received: {center_lines}"
        )
    return (width - center_lines + 1) // 2


def _evenly(others, count, width, rng):
    if count == 0:
        return others[:0]
    gap = len(others) / count
    return others[(gap * (np.arange(count) + rng.random())).astype(int)]


def _uniformly(others, count, width, rng):
    return rng.choice(others, count, replace=False)


def _densely_at_the_centre(others, count, width, rng):
    distance = np.abs(others - width // 2) / (width / 2 + 1)
    density = (1 - distance) ** 3
    return rng.choice(others, count, replace=False, p=density / density.sum())


def _poisson_disc(height, width, acceleration, center_lines, rng):
    count = max(1, round(height * width / acceleration))
    top = _check_center(center_lines, math.isqrt(count), height, "rows of points")
    left = (width - center_lines + 1) // 2
    middle = np.zeros((height, width), bool)
    middle[top : top + center_lines, left : left + center_lines] = True
    y, x = np.mgrid[:height, :width]
    distance = np.hypot((y - height // 2) / height, (x - width // 2) / width)
    spacing = 0.3 + distance
    order = rng.permutation(height * width)

    # About the largest scale of the distances that leaves at least `count` points.
    low, high, scale = 0.0, math.inf, math.sqrt(acceleration)
    best = np.ones((height, width), bool)
    for _ in range(12):
        mask = _throw_darts(order, scale * spacing, middle)
        found = mask.sum()
        if found >= count:
            low, best = scale, mask
        else:
            high = scale
        if found >= count and found <= 1.02 * count:
            break
        # The number of points falls with the square of their distance.
        guess = scale * math.sqrt(found / (1.01 * count))
        scale = guess if low < guess < high else (low + min(high, 4 * scale)) / 2
    surplus = np.flatnonzero(best & ~middle)
    dropped = rng.choice(surplus, best.sum() - count, replace=False)
    best.flat[dropped] = False
    return best


def _throw_darts(order, radius, middle):
    """Takes places in this order unless one taken before is within their radius."""
    height, width = radius.shape
    mask, blocked = middle.copy(), middle.copy()
    reach = np.ceil(radius).astype(int)
    for y, x in _unblocked(order, blocked):
        mask[y, x] = True
        r = reach[y, x]
        top, left = max(y - r, 0), max(x - r, 0)
        near_y = np.arange(top, min(y + r + 1, height))[:, None] - y
        near_x = np.arange(left, min(x + r + 1, width)) - x
        disc = near_y**2 + near_x**2 < max(radius[y, x], 1e-9) ** 2
        blocked[top : y + r + 1, left : x + r + 1] |= disc
        blocked[y, x] = True
    return mask


def _unblocked(order, blocked, at_once=256):
    """Places in this order that are not blocked when their turn comes."""
    for start in range(0, len(order), at_once):
        some = order[start : start + at_once]
        some = some[~blocked.flat[some]]  # most of them, late in the order, in one step
        for place in some:
            if not blocked.flat[place]:
                yield divmod(int(place), blocked.shape[1])


def _radial(height, width, acceleration, center_lines, rng):
    if center_lines:
        raise ValueError(
            "`center_lines` must be 0 for a radial mask: every spoke crosses the "
            f"centre. Received: {center_lines}"
        )
    count = max(1, round(height * width / acceleration))
    mask = np.zeros((height, width), bool)
    along = np.linspace(-0.5, 0.5, 2 * max(height, width))
    angle = rng.random() * math.pi
    # Some corners lie off every spoke that a mask of few samples would draw: spokes
    # beyond the covering number add nothing.
    for _ in range(4 * max(height, width)):
        if mask.sum() >= count:
            break
        reach = max(abs(math.cos(angle)), abs(math.sin(angle)))
        y = np.round(height // 2 + height * along * math.sin(angle) / reach)
        x = np.round(width // 2 + width * along * math.cos(angle) / reach)
        y, x = y.astype(int), x.astype(int)
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        mask[y[inside], x[inside]] = True
        angle += _GOLDEN_ANGLE
    return mask


_KINDS = {
    "equispaced": _columns(_evenly),
    "random": _columns(_uniformly),
    "variable_density": _columns(_densely_at_the_centre),
    "poisson_disc": _poisson_disc,
    "radial": _radial,
}
KINDS = tuple(_KINDS)  # those that need no model
ADAPTED = "adapted"
_OF_COLUMNS = KINDS[:3]
