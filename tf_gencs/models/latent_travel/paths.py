"""Ways from latents to others."""

import numpy as np

from tf_gencs import checks

MODES = ("slerp", "lerp", "great_circle")

# Below it, sin(angle) tells rounding rather than a direction.
_NO_ANGLE = 1e-7


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
    checks.choice(mode, "mode", MODES)
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
