"""Who is drawn: attributes from a causal model of binary variables.

A model is what `gencs.causal.DiscreteSCM.from_tables` takes, of binary variables: a
mapping from each attribute to its parents and a table of its probability given them:

    {"Young": ((), {(): 0.7}), "Eyeglasses": (("Young",), {(0,): 0.5, (1,): 0.2}), ...}
"""

from collections.abc import Mapping

import numpy as np

from tf_gencs.causal import DiscreteSCM
from tf_gencs.datasets.avatars.drawing import ATTRIBUTES, NUISANCES

__all__ = [
    "DEFAULT_MODEL",
    "UNSEEN_MODEL",
    "check_model",
    "draw_nuisances",
    "draw_people",
]

# The graph is "G1" of Kocaoglu, Snyder, Dimakis and Vishwanath, "CausalGAN", ICLR 2018,
# without Wearing_Lipstick. All probabilities are strictly between 0 and 1, which is
# what identifies interventions: a woman's mustache is rare, not absent as in CelebA.
DEFAULT_MODEL = {
    "Young": ((), {(): 0.7}),
    "Male": ((), {(): 0.5}),
    "Eyeglasses": (("Young",), {(0,): 0.5, (1,): 0.2}),
    "Bald": (
        ("Male", "Young"),
        {(0, 0): 0.03, (0, 1): 0.01, (1, 0): 0.45, (1, 1): 0.1},
    ),
    "Mustache": (
        ("Male", "Young"),
        {(0, 0): 0.01, (0, 1): 0.01, (1, 0): 0.5, (1, 1): 0.3},
    ),
    "Smiling": (
        ("Male", "Young"),
        {(0, 0): 0.5, (0, 1): 0.65, (1, 0): 0.35, (1, 1): 0.5},
    ),
    "Mouth_Slightly_Open": (
        ("Young", "Smiling"),
        {(0, 0): 0.15, (0, 1): 0.6, (1, 0): 0.25, (1, 1): 0.75},
    ),
    "Narrow_Eyes": (
        ("Male", "Young", "Smiling"),
        {
            (0, 0, 0): 0.25,
            (0, 0, 1): 0.5,
            (0, 1, 0): 0.1,
            (0, 1, 1): 0.3,
            (1, 0, 0): 0.35,
            (1, 0, 1): 0.6,
            (1, 1, 0): 0.15,
            (1, 1, 1): 0.4,
        },
    ),
}

# The same, but no woman has a mustache, as in CelebA: only an intervention makes one.
UNSEEN_MODEL = {
    **DEFAULT_MODEL,
    "Mustache": (
        ("Male", "Young"),
        {(0, 0): 0.0, (0, 1): 0.0, (1, 0): 0.5, (1, 1): 0.3},
    ),
}


def check_model(model):
    """Returns a causal model of all attributes as plain dicts, tuples and floats.

    Args:
        model: mapping from each of the 8 names in `ATTRIBUTES` to a pair: the names of
            its parents, and a mapping from each tuple of their values (0 or 1, in that
            order) to P(attribute = 1 | parents); or a `gencs.causal.DiscreteSCM`.

    Raises:
        TypeError: not such a mapping.
        ValueError: an unknown or missing name, a parent named twice, a cycle, a table
            with missing or other rows, or a probability outside of [0, 1].
    """
    nodes = model.to_tables() if isinstance(model, DiscreteSCM) else model
    if not isinstance(nodes, Mapping):
        raise TypeError(f"`causal_model` must be a mapping. Received: {model!r}")
    if set(nodes) != set(ATTRIBUTES):
        raise ValueError(
            f"`causal_model` must have exactly the attributes {list(ATTRIBUTES)}. "
            f"Received: {sorted(map(str, nodes))}"
        )
    scm = DiscreteSCM.from_tables(
        {name: nodes[name] for name in ATTRIBUTES}, argument="causal_model"
    )
    for name, states in scm.states.items():
        if states != 2:
            raise ValueError(
                f"`causal_model[{name!r}]` must have the values 0 and 1. "
                f"Received: {states} states"
            )
    return {
        name: (
            scm.graph.parents(name),
            {row: table[(*row, 1)].item() for row in np.ndindex(table.shape[:-1])},
        )
        for name, table in scm.tables.items()
    }


def draw_people(model, seed, stream, count):
    """Draws people: attributes from the causal model, and nuisances.

    The numbers that decide an attribute do not depend on the model. So the same person
    under two models, one of them an intervention on the other, differs only in the
    attributes that the intervention changes.

    Args:
        model: a causal model, as `check_model` returns it.
        seed: integer of 0 or more.
        stream: integer of 0 or more; streams (splits) are independent.
        count: how many; the first of them do not depend on it.

    Returns:
        List of `count` pairs `(attributes, nuisances)`: list of 8 ints, 0 or 1, in the
        order of `ATTRIBUTES`, and list of 11 floats in [0, 1) in the order of
        `NUISANCES`.
    """
    scm = DiscreteSCM.from_tables(model)
    numbers = np.array(
        [
            np.random.default_rng([seed, stream, index]).random(
                len(ATTRIBUTES) + len(NUISANCES)
            )
            for index in range(count)
        ]
    ).reshape(count, -1)
    noise = dict(zip(ATTRIBUTES, numbers.T, strict=False))
    values = scm.decide(noise)
    attributes = np.stack([values[name] for name in ATTRIBUTES], axis=1)
    nuisances = numbers[:, len(ATTRIBUTES) :]
    return list(zip(attributes.tolist(), nuisances.tolist(), strict=True))


def draw_nuisances(seed, index):
    """Draws what varies besides attributes: 11 floats in [0, 1), see `NUISANCES`."""
    return np.random.default_rng([seed, index]).random(len(NUISANCES)).tolist()
