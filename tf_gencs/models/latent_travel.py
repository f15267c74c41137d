"""Ways through the latent space: draws, paths between latents, and sums of them."""

import numpy as np

from tf_gencs import checks, priors, seeds

MODES = ("slerp", "lerp", "great_circle")

# Below it, sin(angle) tells rounding rather than a direction.
_NO_ANGLE = 1e-7


class LatentTravel:
    """What a `GenerativeModel` does with latents: `generate` and `interpolate`.

    The class it is mixed into has `latent_dim`, `latent_prior`, `signal_shape`,
    `recovery_dtype` and `predict`.
    """

    def generate(self, n=None, *, seed=None, z=None, truncation=None):
        """Samples signals.

        Args:
            n: how many to draw from the latent prior.
            seed: seed of the draw; None draws one.
            z: latents to use instead, (batch, k).
            truncation: trades variety for likeness, see `draw`. Only with `n`.

        Returns:
            Signals as an array, (n, *signal_shape).

        Raises:
            ValueError: both or neither of `n` and `z`, a wrong shape of `z`, or a
                `truncation` that the prior has no use for.
        """
        if (n is None) == (z is None):
            raise ValueError(f"Give either `n` or `z`. Received: n={n!r}, z={z!r}")
        if z is None:
            shape = (checks.integer(n, "n"), self.latent_dim)
            z = draw(self.latent_prior, shape, seed, truncation)
        elif truncation is not None:
            raise ValueError(
                "`truncation` must come with `n`: it changes how latents are drawn. "
                f"Received: truncation={truncation!r} and `z`"
            )
        z = checks.float_array(z, "z", (self.latent_dim,))
        if not len(z):
            return np.zeros((0, *self.signal_shape), self.recovery_dtype)
        return self.predict(z, verbose=0)

    def interpolate(self, z_from, z_to, steps=8, mode="slerp", *, return_z=False):
        """Signals on the way from some latents to others.

        Args:
            z_from, z_to: where the ways start and end, (batch, k) each.
            steps: signals on each way, both ends included; at least 2.
            mode: "slerp", "lerp" or "great_circle", see
                `gencs.models.latent_travel.path`.
            return_z: return the latents too.

        Returns:
            Signals as an array, (batch, steps, *signal_shape); with `return_z` also
            their latents (batch, steps, k), whose ends are `z_from` and `z_to` to the
            bit.

        Raises:
            TypeError, ValueError: naming the argument that is wrong.

        Source: White, "Sampling generative networks", 2016.
        """
        z_from = checks.float_array(z_from, "z_from", (self.latent_dim,))
        z_to = checks.float_array(z_to, "z_to", (self.latent_dim,))
        z = path(z_from, z_to, steps, mode)
        x = self.generate(z=z.reshape(-1, self.latent_dim))
        x = x.reshape(*z.shape[:2], *self.signal_shape)
        return (x, z) if return_z else x


def draw(latent_prior, shape, seed=None, truncation=None):
    """Draws latents as `generate` does.

    Args:
        latent_prior: a prior from `gencs.priors`.
        shape: (batch, k).
        seed: None draws one.
        truncation: None for the prior itself. For a `NormalPrior`, above 0: values of
            more than so many standard deviations are drawn again. For a
            `UniformPrior`, in (0, 1]: the box shrinks by it about its centre. Other
            priors have no likelier part to keep to.

    Returns:
        Array of that shape, float32.

    Raises:
        ValueError: a wrong `seed` or `truncation`.

    Source: Brock, Donahue and Simonyan, "Large scale GAN training for high fidelity
    natural image synthesis", ICLR 2019 (the normal case).
    """
    seed = seeds.resolve(seed)
    if truncation is not None:
        truncation = checks.number(truncation, "truncation", above=0)
        latent_prior = _truncated(latent_prior, truncation)
    return latent_prior.sample(shape, seed, "generate").numpy()


def _truncated(prior, truncation):
    if type(prior) is priors.NormalPrior:
        bound = truncation if prior.bound is None else min(truncation, prior.bound)
        return priors.NormalPrior(prior.stddev, bound)
    if type(prior) is priors.UniformPrior:
        if truncation > 1:
            raise ValueError(
                "`truncation` must be at most 1 for a uniform prior. "
                f"Received: {truncation}"
            )
        centre, half = (prior.low + prior.high) / 2, (prior.high - prior.low) / 2
        return priors.UniformPrior(
            centre - truncation * half, centre + truncation * half
        )
    raise ValueError(
        "`truncation` must be None for a prior that is neither normal nor uniform. "
        f"Received: {truncation} with {prior}"
    )


def path(z_from, z_to, steps=8, mode="slerp"):
    """Latents on the way from some latents to others, at equal steps of t in [0, 1].

    With w the angle between the two ends a and b:

    - "lerp": (1 - t) a + t b, the straight line. Halfway it is shorter than both, as
      samples of N(0, I) in many dimensions hardly ever are.
    - "slerp": (sin((1 - t) w) a + sin(t w) b) / sin(w). Ends of equal length keep it;
      of unlike length and nearly opposite, the way goes far out.
    - "great_circle": the direction turns at constant speed while the length goes
      straight from ||a|| to ||b||. The way for spherical priors; the same as "slerp"
      for ends of equal length.

    Where a and b point the same way, or one is 0, all three are the straight line.
    Where they point opposite ways there is no shortest turn: "slerp" and "great_circle"
    then turn through the coordinate axis that is most nearly at right angles.

    Args:
        z_from, z_to: (batch, k) each.
        steps: latents on each way, both ends included; at least 2.
        mode: one of the above.

    Returns:
        Array (batch, steps, k); its ends are `z_from` and `z_to` to the bit. The way
        back is the same way.

    Raises:
        TypeError, ValueError: naming the argument that is wrong.

    Source: Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985.
    """
    z_from, z_to = np.asarray(z_from), np.asarray(z_to)
    if z_from.ndim != 2 or z_from.shape != z_to.shape:
        raise ValueError(
            "`z_to` must have the shape of `z_from`, (batch, k). "
            f"Received: {z_to.shape} and {z_from.shape}"
        )
    z_from = checks.float_array(z_from, "z_from", z_from.shape[1:])
    z_to = checks.float_array(z_to, "z_to", z_from.shape[1:])
    steps = checks.integer(steps, "steps", at_least=2)
    if mode not in MODES:
        raise ValueError(f"`mode` must be one of {list(MODES)}. Received: {mode!r}")
    dtype = np.result_type(z_from, z_to)
    a, b = (z.astype(np.float64)[:, None, :] for z in (z_from, z_to))
    t = np.linspace(0, 1, steps)[None, :, None]
    z = (1 - t) * a + t * b
    if mode != "lerp":
        z = _turn(a, b, t, z, mode)
    z = z.astype(dtype)
    z[:, 0], z[:, -1] = z_from, z_to
    return z


def _turn(a, b, t, straight, mode):
    """The ways of "slerp" and "great_circle"; `straight` where there is no angle."""
    length_a, length_b = (np.linalg.norm(v, axis=-1, keepdims=True) for v in (a, b))
    somewhere = (length_a > 0) & (length_b > 0)
    u = a / np.where(somewhere, length_a, 1)
    v = b / np.where(somewhere, length_b, 1)
    # The angle by both chords: arccos loses half of the digits near 0 and pi.
    angle = 2 * np.arctan2(
        np.linalg.norm(u - v, axis=-1, keepdims=True),
        np.linalg.norm(u + v, axis=-1, keepdims=True),
    )
    sine = np.sin(angle)
    turning = somewhere & (sine > _NO_ANGLE)
    opposite = somewhere & ~turning & (angle > np.pi / 2)
    sine = np.where(turning, sine, 1)
    from_a, from_b = np.sin((1 - t) * angle) / sine, np.sin(t * angle) / sine
    length = (1 - t) * length_a + t * length_b
    turned = (
        from_a * a + from_b * b
        if mode == "slerp"
        else length * (from_a * u + from_b * v)
    )
    half_circle = length * (np.cos(np.pi * t) * u + np.sin(np.pi * t) * _across(u))
    return np.where(turning, turned, np.where(opposite, half_circle, straight))


def _across(u):
    """A unit vector at right angles to u (batch, 1, k); the same for u and -u."""
    axis = np.eye(u.shape[-1])[np.argmin(np.abs(u), axis=-1)]
    across = axis - np.sum(axis * u, axis=-1, keepdims=True) * u
    length = np.linalg.norm(across, axis=-1, keepdims=True)
    return across / np.where(length > 0, length, 1)  # k = 1 has no right angle


def latent_arithmetic(plus, minus=(), latent_prior=None):
    """Adds and subtracts latents: with glasses - without glasses + somebody.

    Each term is a latent (k,) or several (n, k), which count as their mean: what the
    samples of an attribute share stands out when the rest averages away.

    ```python
    z = gencs.models.latent_arithmetic(
        plus=[smiling_women, neutral_men], minus=[neutral_women], latent_prior="normal"
    )
    smiling_man = model.generate(z=z[None])
    ```

    Args:
        plus, minus: sequences of such terms; `plus` has one at least.
        latent_prior: brings the sum back to where latents of the prior are: a normal
            prior to the length stddev * sqrt(k), near which nearly all samples lie, and
            then within its bound; a spherical one to its radius; a uniform one into its
            box. A name or object as for `GenerativeModel`, or None for the bare sum.

    Returns:
        z, (k,), of the terms' dtype.

    Raises:
        TypeError, ValueError: naming the argument; a sum of 0 has no direction to
            lengthen.

    Source: Radford, Metz and Chintala, "Unsupervised representation learning with deep
    convolutional generative adversarial networks", ICLR 2016, section 6.3.2.
    """
    terms = {"plus": _means(plus, "plus"), "minus": _means(minus, "minus")}
    if not terms["plus"]:
        raise ValueError("`plus` must hold at least one term. Received: none")
    shape = terms["plus"][0].shape
    for name, means in terms.items():
        for mean in means:
            if mean.shape != shape:
                raise ValueError(
                    f"`{name}` must hold latents of {shape[0]} values. "
                    f"Received: {mean.shape[0]}"
                )
    dtype = np.result_type(*terms["plus"], *terms["minus"])
    z = sum(mean.astype(np.float64) for mean in terms["plus"])
    z = z - sum(mean.astype(np.float64) for mean in terms["minus"])
    if latent_prior is not None:
        z = _to_shell(z, priors.get(latent_prior))
    return z.astype(dtype)


def _means(terms, argument):
    means = []
    for term in terms:
        term = np.asarray(term)
        if term.ndim == 1:
            term = term[None]
        term = checks.float_array(term, argument, term.shape[1:2])
        if not term.size:
            raise ValueError(
                f"`{argument}` must hold latents (k,) or (n, k). "
                f"Received: shape {term.shape}"
            )
        means.append(term.mean(axis=0))
    return means


def _to_shell(z, prior):
    length = np.linalg.norm(z)
    if length == 0 and not isinstance(prior, priors.UniformPrior):
        raise ValueError(
            "`plus` and `minus` must not cancel out with a `latent_prior` that gives "
            "latents their length. Received: a sum of 0"
        )
    if isinstance(prior, priors.NormalPrior):
        z = z * (prior.stddev * np.sqrt(len(z)) / length)
    return np.asarray(prior.project(z))
