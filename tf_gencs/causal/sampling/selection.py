"""Conditions on a controller: which cost nothing, and which select from draws."""

import numpy as np

# Draws after which an event that did not come once is given up.
_PATIENCE = 2**21


class Selection:
    """What `given` asks for, in a model after `do`.

    Args:
        graph: `CausalGraph`.
        do: dict as `conditions.check_do` gives it.
        given: dict from nodes to boolean arrays (states,), True where it holds.

    Attributes:
        fixed: dict from nodes to the states that they can be set to. A node all of
            whose causes are set, and that shares no unobserved cause, is independent of
            everything but its effects: to condition on it is to set it.
        checked: dict from the other nodes to their boolean arrays.
    """

    def __init__(self, graph, do, given):
        cut = [name for name, how in do.items() if not callable(how)]
        graph = graph.do(*cut)
        self.fixed, self.checked = {}, {}
        for name in graph.order:
            if name not in given:
                continue
            states = np.flatnonzero(given[name])
            known = set(cut) | set(self.fixed)
            free = set(graph.parents(name)) <= known
            if free and len(states) == 1 and not graph.confounded_with(name):
                self.fixed[name] = int(states[0])
            else:
                self.checked[name] = given[name]

    def holds(self, states, place):
        """For which of the states (batch, nodes) all conditions hold, (batch,)."""
        good = np.ones(len(states), bool)
        for name, allowed in self.checked.items():
            good &= allowed[states[:, place[name]].astype(int)]
        return good

    def draws_per_hit(self, held, drawn):
        """How many draws to make for each sample wanted, by what came so far."""
        return 2 if not drawn else min(4 * drawn / max(held, 1), 2**20)

    def check_budget(self, n, found, held, drawn, most_draws):
        """ValueError as soon as `most_draws` will not do.

        Args:
            n: samples wanted.
            found: samples found.
            held, drawn: how often the condition held, in how many draws.
            most_draws: see `CausalController.sample`.
        """
        if not drawn:
            return
        hopeless = (
            drawn >= _PATIENCE and (n - found) * drawn / max(held, 1) > most_draws
        )
        if drawn < most_draws and not hopeless:
            return
        what = {
            name: np.flatnonzero(mask).tolist() for name, mask in self.checked.items()
        }
        if held:
            chance = held / drawn
            estimate = (
                f"an estimated probability of {chance:.2g}, {n:,} samples would take "
                f"about {n / chance:.2g} draws. Ask for fewer, or raise `most_draws`, "
                f"{most_draws:,}"
            )
        else:
            estimate = (
                f"its probability is below about {3 / drawn:.1g}, if it is possible "
                "at all. `do` sets what `given` cannot find; `most_draws` is "
                f"{most_draws:,}"
            )
        raise ValueError(
            f"`given` must be less rare. {what} came {held:,} times in {drawn:,} "
            f"draws, which gave {found:,} of {n:,} samples: {estimate}."
        )
