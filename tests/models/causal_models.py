"""Tiny causal models of images, and labels for them."""

import numpy as np

import tf_gencs as gencs

NAMES = ("Male", "Mustache")
SHAPES = {"causal_gan": (8, 8, 1), "causal_began": (14, 14, 1)}
CLASSES = {
    "causal_gan": gencs.models.CausalGAN,
    "causal_began": gencs.models.CausalBEGAN,
}


def controller(states=2, edges=(("Male", "Mustache"),)):
    """One that takes itself for trained, so that nobody is warned of it."""
    found = gencs.causal.CausalController(
        list(edges), states, noise_dim=2, hidden=(4,), critic_hidden=(4,), seed=0
    )
    found.training_steps.assign(1)
    return found


def tiny(family, seed=0, width=4, noise_dim=3, of=None, **kwargs):
    shape = kwargs.pop("signal_shape", SHAPES[family])
    of = controller() if of is None else of
    more = {"labeler_width": 2, "seed": seed, **kwargs}
    return CLASSES[family](of, shape, noise_dim, width, **more)


def labels(n, seed=0):
    rng = np.random.default_rng(seed)
    male = rng.integers(0, 2, n)
    return {"Male": male, "Mustache": male * rng.integers(0, 2, n)}


def images(family, named):
    """The left half is bright where Male is 1, the right half where Mustache is."""
    n = len(named["Male"])
    x = np.random.default_rng(1).uniform(-1, -0.8, (n, *SHAPES[family]))
    middle = x.shape[2] // 2
    x[:, :, :middle] += 1.6 * named["Male"][:, None, None, None]
    x[:, :, middle:] += 1.6 * named["Mustache"][:, None, None, None]
    return x.astype("float32")
