"""Who is drawn: attributes from a causal model of binary variables.

A model is a mapping from each attribute to its parents and a table of its probability
given them:

    {"Young": ((), {(): 0.7}), "Eyeglasses": (("Young",), {(0,): 0.5, (1,): 0.2}), ...}
"""

import itertools
import numbers
from collections.abc import Mapping

import numpy as np

from tf_gencs.datasets.avatars.drawing import ATTRIBUTES, NUISANCES

__all__ = [
    "DEFAULT_MODEL",
    "check_model",
    "draw_nuisances",
    "draw_person",
    "sampling_order",
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


def check_model(model):
    """Returns a causal model of all attributes as plain dicts, tuples and floats.

    Args:
        model: mapping from each of the 8 names in `ATTRIBUTES` to a pair: the names of
            its parents, and a mapping from each tuple of their values (0 or 1, in that
            order) to P(attribute = 1 | parents).

    Raises:
        TypeError: not such a mapping.
        ValueError: an unknown or missing name, a parent named twice, a cycle, a table
            with missing or other rows, or a probability outside of [0, 1].
    """
    if not isinstance(model, Mapping):
        raise TypeError(f"`causal_model` must be a mapping. Received: {model!r}")
    if set(model) != set(ATTRIBUTES):
        raise ValueError(
            f"`causal_model` must have exactly the attributes {list(ATTRIBUTES)}. "
            f"Received: {sorted(map(str, model))}"
        )
    checked = {name: _checked_node(name, model[name]) for name in ATTRIBUTES}
    sampling_order(checked)
    return checked


def sampling_order(model):
    """The attributes, each after its parents; ValueError if there is a cycle."""
    order, left = [], dict(model)
    while left:
        ready = [name for name in left if not set(left[name][0]) & set(left)]
        if not ready:
            raise ValueError(
                "`causal_model` must be free of cycles. Received: a cycle among "
                f"{sorted(left)}"
            )
        order += ready
        for name in ready:
            del left[name]
    return order


def draw_person(model, seed, stream, index):
    """Draws one person: attributes from the causal model, and nuisances.

    The numbers that decide an attribute do not depend on the model. So the same person
    under two models, one of them an intervention on the other, differs only in the
    attributes that the intervention changes.

    Args:
        model: a causal model, as `check_model` returns it.
        seed: integer of 0 or more.
        stream: integer of 0 or more; streams (splits) are independent.
        index: number of the person within the stream.

    Returns:
        `(attributes, nuisances)`: list of 8 ints, 0 or 1, in the order of `ATTRIBUTES`,
        and list of 11 floats in [0, 1) in the order of `NUISANCES`.
    """
    rng = np.random.default_rng([seed, stream, index])
    uniforms = dict(zip(ATTRIBUTES, rng.random(len(ATTRIBUTES)), strict=True))
    values = {}
    for name in sampling_order(model):
        parents, table = model[name]
        probability = table[tuple(values[parent] for parent in parents)]
        values[name] = int(uniforms[name] < probability)
    attributes = [values[name] for name in ATTRIBUTES]
    return attributes, rng.random(len(NUISANCES)).tolist()


def draw_nuisances(seed, index):
    """Draws what varies besides attributes: 11 floats in [0, 1), see `NUISANCES`."""
    return np.random.default_rng([seed, index]).random(len(NUISANCES)).tolist()


def _checked_node(name, node):
    try:
        parents, table = node
        parents, table = tuple(parents), dict(table)
    except (TypeError, ValueError):
        raise TypeError(
            f"`causal_model[{name!r}]` must be a pair (parents, table). "
            f"Received: {node!r}"
        ) from None
    if len(set(parents)) < len(parents) or not set(parents) <= set(ATTRIBUTES):
        raise ValueError(
            f"The parents of `causal_model[{name!r}]` must be different names of "
            f"{list(ATTRIBUTES)}. Received: {parents}"
        )
    rows = list(itertools.product((0, 1), repeat=len(parents)))
    if set(table) != set(rows):
        raise ValueError(
            f"The table of `causal_model[{name!r}]` must have exactly the rows {rows}. "
            f"Received: {list(table)}"
        )
    for row, probability in table.items():
        valid = isinstance(probability, numbers.Real) and 0 <= probability <= 1
        if isinstance(probability, bool) or not valid:
            raise ValueError(
                f"`causal_model[{name!r}]` must hold probabilities in [0, 1]. "
                f"Received: {probability!r} in row {row}"
            )
    return parents, {row: float(table[row]) for row in rows}
