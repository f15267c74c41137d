"""Exact probabilities of a discrete causal model, by summing over its tables."""

import math

import numpy as np

from tf_gencs import label_checks
from tf_gencs.causal import conditions
from tf_gencs.causal.exact import tables as checked_tables

_MOST_CELLS = 2**26


class ExactInference:
    """The part of `DiscreteSCM` that computes probabilities."""

    def __init__(self, graph, tables, argument):
        self.graph = graph
        if self.graph.bidirected:
            raise ValueError(
                "`graph` must have no bidirected edges: a table holds no shared noise. "
                f"Add the unobserved cause as a node. Received: {self.graph.bidirected}"
            )
        for name in self.graph.nodes:
            if name not in tables:
                raise ValueError(
                    f"`{argument}` must have a table for each node. Missing: {name!r}"
                )
        self.tables = checked_tables.read(tables, self.graph, argument)
        self.states = {name: self.tables[name].shape[-1] for name in self.graph.nodes}

    def probability(self, event, do=None, given=None):
        """P(event | given) in the model after the intervention `do`.

        Args:
            event: dict from nodes to a state, or to several, of which one must hold.
            do: dict from nodes to a state, a function from old states to new ones, or a
                dict from states to probabilities.
            given: as `event`; no node may be in `do` and in `given`.

        Returns:
            A float.

        Raises:
            TypeError, ValueError: a wrong argument, or an impossible `given`.
        """
        event = conditions.check_event(event, self.graph, self.states, "event")
        table = self.marginal(list(event), do, given)
        for axis, mask in enumerate(event.values()):
            table = np.compress(mask, table, axis=axis)
        return float(table.sum())

    def joint(self, do=None, given=None):
        """Probabilities of all cells, an array (*states), nodes as in `graph.nodes`."""
        return self.marginal(self.graph.nodes, do, given)

    def marginal(self, names, do=None, given=None):
        """Probabilities of some nodes together.

        Args:
            names: list of nodes.
            do, given: as for `probability`.

        Returns:
            A float64 array (*states of those nodes).
        """
        for name in names:
            self.graph.check_name(name, "names", names)
        do, given = conditions.check_apart(do, given)
        do = conditions.check_do(do, self.graph, self.states)
        given = conditions.check_event(given, self.graph, self.states, "given")
        factors = self._after(do)
        unnormalized = self._summed(factors, names, given)
        total = unnormalized.sum()
        if total <= 0:
            what = {k: np.flatnonzero(v).tolist() for k, v in given.items()}
            raise ValueError(
                "`given` must be possible. Received an event of probability 0: "
                f"{what}{f' under do={sorted(do)}' if do else ''}"
            )
        return unnormalized / total if given else unnormalized

    def _after(self, do):
        """Pairs (parents, table) of every node after an intervention."""
        factors = {}
        for name in self.graph.nodes:
            parents, table = self.graph.parents(name), self.tables[name]
            how = do.get(name)
            if callable(how):
                old = np.arange(self.states[name], dtype="int32")
                new = conditions.apply(how, old, self.states[name], f"do[{name!r}]")
                table = table @ np.eye(self.states[name])[new]
            elif isinstance(how, conditions.Drawn):
                parents, table = (), how.probabilities
            elif how is not None:
                parents, table = (), np.eye(self.states[name])[how]
            factors[name] = parents, table
        return factors

    def _summed(self, factors, names, given):
        """The sum of the product of all factors, over all nodes but `names`."""
        cells = math.prod(self.states[name] for name in names)
        if cells > _MOST_CELLS:
            raise ValueError(
                f"A table of {len(names)} nodes would have {cells:.3g} cells, more "
                f"than {_MOST_CELLS:,}: ask for fewer `names`, or `sample`."
            )
        # What is no cause of anything asked for sums to 1.
        needed, ahead = set(), [*names, *given]
        while ahead:
            name = ahead.pop()
            if name not in needed:
                needed.add(name)
                ahead += factors[name][0]
        axis = {name: i for i, name in enumerate(self.graph.nodes) if name in needed}
        operands = []
        for name in axis:
            parents, table = factors[name]
            if name in given:
                table = table * given[name]
            operands += [table, [*(axis[parent] for parent in parents), axis[name]]]
        if not operands:
            return np.ones(())
        return np.einsum(*operands, [axis[name] for name in names], optimize="greedy")

    def _sample_given(self, n, do, allowed, uniforms):
        """Draws from the joint distribution under a condition, cell by cell."""
        given = {name: np.flatnonzero(mask).tolist() for name, mask in allowed.items()}
        arrays = {name: how for name, how in do.items() if isinstance(how, np.ndarray)}
        drawn = np.empty((len(self.graph.nodes), n), "int32")
        for rows, fixed in _equal_rows(arrays, n):
            table = self.joint({**do, **fixed}, given)
            edges = np.cumsum(table.ravel())
            cells = np.searchsorted(edges, uniforms[rows] * edges[-1], side="right")
            drawn[:, rows] = np.unravel_index(cells, table.shape)
        return dict(zip(self.graph.nodes, drawn, strict=True))

    def _completed(self, observed, rng):
        """Arrays (n,) of all nodes: as observed, or likely given what was observed."""
        lengths = {len(v) for v in map(np.atleast_1d, observed.values()) if len(v) > 1}
        if len(lengths) > 1:
            raise ValueError(
                "`observed` must hold arrays of one length. "
                f"Received: {sorted(lengths)}"
            )
        n = max(lengths, default=1)
        columns = {}
        for name, value in observed.items():
            self.graph.check_name(name, "observed", observed)
            where = f"observed[{name!r}]"
            label_checks.refuse_masked(value, where)
            column = np.broadcast_to(np.asarray(value), np.shape(value) or (n,))
            columns[name] = label_checks.labels(column, self.states[name], where, (n,))
        values = np.empty((len(self.graph.nodes), n), "int32")
        for rows, fixed in _equal_rows(columns, n):
            count = np.count_nonzero(rows)
            allowed = conditions.check_event(fixed, self.graph, self.states, "observed")
            found = self._sample_given(count, {}, allowed, rng.random(count))
            values[:, rows] = list(found.values())
        return dict(zip(self.graph.nodes, values, strict=True))


def _equal_rows(columns, n):
    """Pairs of a mask (n,) and the states that those rows share."""
    if not columns:
        yield np.ones(n, bool), {}
        return
    stacked = np.stack(list(columns.values()), axis=1)
    unique, which = np.unique(stacked, axis=0, return_inverse=True)
    for i, row in enumerate(unique):
        fixed = dict(zip(columns, row.tolist(), strict=True))
        yield which.ravel() == i, fixed
