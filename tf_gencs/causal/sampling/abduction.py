"""Noise that explains labels: what counterfactuals keep."""

import numpy as np
import tensorflow as tf

from tf_gencs import seeds
from tf_gencs.causal.layout import take_blocks
from tf_gencs.causal.mechanisms import gumbel

_ROWS = 2**12  # at once
_TINY = 1e-30


def abduct(controller, labels, stream, candidates):
    """Draws noise given labels; see `CausalController.abduct`.

    The noise of each group of nodes that share unobserved causes is one of several
    candidates, chosen with weights P(labels of the group | parents, noise). Given it,
    the Gumbel numbers are exact.

    Args:
        controller: `CausalController`.
        labels: float32 (n, nodes).
        stream: stateless seed.
        candidates: how many.

    Returns:
        Dict of arrays; see there.

    Source of the Gumbel numbers: Oberst and Sontag, "Counterfactual off-policy
    evaluation with Gumbel-max structural causal models", ICML 2019.
    """
    rows = max(1, _ROWS // candidates * 16)
    parts = []
    for start in range(0, len(labels), rows):
        where = seeds.at_step(stream, start)
        some = labels[start : start + rows]
        parts.append(_abduct(controller, some, where, candidates, start))
    return {
        name: np.concatenate([part[name] for part in parts], axis=1)
        for name in parts[0]
    }


def _abduct(controller, labels, stream, candidates, start):
    layout, flow = controller._layout, controller._flow
    n, nodes = labels.shape
    noise = flow.draw(candidates * n, seeds.at_step(stream, 0))
    columns = layout.columns(labels)
    parents = tf.tile(take_blocks(columns, layout.parents), (1, candidates, 1))
    logits = flow.logits(controller.mechanisms, noise, parents)
    states = tf.tile(
        tf.transpose(layout.all_states(columns), (1, 0, 2)), (1, candidates, 1)
    )
    chances = tf.nn.softmax(logits)
    if not flow.hard:
        chances = _of_soft(chances, states, layout)
    chance = tf.reduce_sum(chances * states, axis=-1)
    chance = tf.reshape(chance, (nodes, candidates, n)).numpy()
    chosen, shared = _choose(layout, chance, stream, start)

    def pick(name, which):
        shape = (len(which), candidates, n, -1)
        values = np.reshape(noise[name].numpy(), (*shape[:3], noise[name].shape[-1]))
        place, row = np.ogrid[: len(which), :n]
        return values[place, which, row]

    found = {"own": pick("own", chosen), "shared": pick("shared", shared)}
    if flow.hard:
        place, row = np.ogrid[:nodes, :n]
        shape = (nodes, candidates, n, layout.width + 1)
        kept = logits.numpy().reshape(shape)[place, chosen, row]
        found["choice"] = _choices(kept, labels.T.astype(int), seeds.at_step(stream, 2))
    return found


def _of_soft(chances, states, layout):
    """1 where a soft output rounds to the label, 0 elsewhere."""
    if layout.continuous.any():
        raise ValueError(
            "`observed` must be of nodes with states: which noise makes a continuous "
            "label is not searched for. Continuous: "
            f"{[n for n in layout.nodes if layout.states[n] is None]}"
        )
    return tf.one_hot(tf.argmax(chances, axis=-1), states.shape[-1])


def _choose(layout, chance, stream, start):
    """Which candidate each noise of a node, and of an unobserved cause, is."""
    nodes, candidates, n = chance.shape
    chosen = np.zeros((nodes, n), int)
    shared = np.zeros((len(layout.graph.bidirected), n), int)
    uniforms = tf.random.stateless_uniform((nodes, n), seeds.at_step(stream, 1)).numpy()
    for group in layout.graph.confounded_groups():
        places = [layout.place[name] for name in group]
        weights = np.prod(chance[places].astype("float64"), axis=0)
        totals = np.cumsum(weights, axis=0)
        impossible = np.flatnonzero(totals[-1] < _TINY)
        if len(impossible):
            raise ValueError(
                "`observed` must be what the controller can make. None of "
                f"{candidates} candidates makes {list(group)} of row "
                f"{start + impossible[0]}, and of {len(impossible) - 1} more rows: "
                "raise `candidates`, or train the controller."
            )
        which = (uniforms[places[0]] * totals[-1] >= totals).sum(axis=0)
        which = np.minimum(which, candidates - 1)
        chosen[places] = which
        for i, edge in enumerate(layout.graph.bidirected):
            if edge[0] in group:
                shared[i] = which
    return chosen, shared


def _choices(logits, labels, stream):
    """Gumbel numbers (nodes, n, states) with which the labels have the largest sums."""
    u = tf.random.stateless_uniform(logits.shape, stream, 1e-7, 1.0)
    free = gumbel(tf.cast(u, tf.float64)).numpy()
    logits = logits.astype("float64")
    at_label = labels[..., None]
    largest = np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))
    top = largest + np.take_along_axis(free, at_label, axis=-1)
    # The others' sums, had they been free, made to stay below.
    below = -np.logaddexp(-(logits + free), -top)
    below = np.where(np.isfinite(below), below, logits)
    np.put_along_axis(below, at_label, top, axis=-1)
    choices = (below - logits).astype("float32")
    return _strictly(choices, logits.astype("float32"), at_label)


def _strictly(choices, logits, at_label):
    """Rounding must not let another state catch up with the label."""
    sums = logits + choices
    own = np.take_along_axis(sums, at_label, axis=-1)
    close = sums >= own
    np.put_along_axis(close, at_label, False, axis=-1)
    return np.where(close, choices - 1e-3 * (1 + np.abs(sums)), choices)
