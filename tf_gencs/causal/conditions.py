"""What `do=` and `given=` may say, checked once for all that takes them."""

from collections.abc import Mapping

import numpy as np

from tf_gencs import label_checks
from tf_gencs.causal.exact import tables


def check_apart(do, given):
    """Returns both as dicts; ValueError if a node is in both.

    An intervention sets a node whatever its causes; to condition on it then selects
    nothing, or everything.
    """
    found = []
    for argument, value in (("do", do), ("given", given)):
        value = {} if value is None else value
        if not isinstance(value, Mapping):
            raise TypeError(
                f"`{argument}` must be a dict from names of nodes. Received: {value!r}"
            )
        found.append(dict(value))
    both = sorted(set(found[0]) & set(found[1]), key=str)
    if both:
        raise ValueError(
            f"`do` and `given` must be about different nodes. Received both for {both}"
        )
    return found


def check_do(do, graph, states, n=None):
    """Interventions in one form for each kind.

    Args:
        do: dict from nodes to a state, an array (n,) of states, a function from the
            states that a node would have to those that it gets, or a distribution: a
            dict from states to probabilities.
        graph: `CausalGraph`.
        states: dict from nodes to their number of states; None for a number in [0, 1].
        n: how many samples there are; None refuses arrays.

    Returns:
        Dict from nodes to an int or float, an array (n,), a callable, or a `Drawn`.

    Raises:
        TypeError, ValueError: an unknown node, or a value that is none of these.
    """
    return {
        graph.check_name(name, "do", do): _intervention(
            value, states[name], n, f"do[{name!r}]"
        )
        for name, value in do.items()
    }


class Drawn:
    """The intervention that draws a state from a distribution.

    Args:
        probabilities: array (states,).
    """

    def __init__(self, probabilities):
        self.probabilities = probabilities

    def draw(self, uniforms):
        """States from numbers in [0, 1)."""
        edges = np.cumsum(self.probabilities)[:-1]
        return np.searchsorted(edges, uniforms, side="right")


def check_event(event, graph, states, argument):
    """A boolean array (states,) for each node of an event: which states are in it.

    Args:
        event: dict from nodes to a state, or to a list, tuple or set of states.
        graph, states: as for `check_do`.
        argument: its name, for the error messages.
    """
    if not isinstance(event, Mapping):
        raise TypeError(
            f"`{argument}` must be a dict from nodes to states. Received: {event!r}"
        )
    found = {}
    for name, value in event.items():
        graph.check_name(name, argument, event)
        where = f"{argument}[{name!r}]"
        if states[name] is None:
            raise ValueError(
                f"`{argument}` must be about nodes with states: a single number of a "
                f"continuous node has probability 0. Received: {name!r}"
            )
        several = isinstance(value, (list, tuple, set, frozenset))
        chosen = [
            label(item, states[name], where) for item in (value if several else [value])
        ]
        if not chosen:
            raise ValueError(f"`{where}` must hold a state. Received: {value!r}")
        found[name] = np.isin(np.arange(states[name]), chosen)
    return found


def label(value, states, where):
    """One state as an int, or one number of a continuous node as a float."""
    return label_checks.labels(value, states, where, ()).item()


def apply(function, values, states, where):
    """What a callable intervention makes of states, checked."""
    found = function(values.copy())
    return label_checks.labels(found, states, f"{where}(old)", values.shape)


def _intervention(value, states, n, where):
    if callable(value):
        return value
    if isinstance(value, Mapping):
        if states is None:
            raise ValueError(
                f"`{where}` must be a number, an array or a function, for a continuous "
                f"node. Received: {value!r}"
            )
        array = np.zeros(states)
        for state, probability in value.items():
            array[label(state, states, where)] = probability
        return Drawn(tables.normalized(array, where))
    if np.ndim(value) == 0:
        return label(value, states, where)
    if n is None:
        raise ValueError(
            f"`{where}` must be one state, a function of the old state or a dict of "
            f"probabilities. Received: {value!r}"
        )
    return label_checks.labels(value, states, where, (n,))
