"""Tables of probabilities of a node given its parents: what is one, and what is not."""

import itertools
import numbers
from collections.abc import Mapping

import numpy as np

# How far from 1 published tables may sum to: many are rounded to six digits.
_ROUNDING = 1e-5


def check_nodes(tables, argument):
    """Splits {node: (parents, table)} into parents and tables, both dicts.

    Raises:
        TypeError: not such a mapping.
    """
    if not isinstance(tables, Mapping):
        raise TypeError(
            f"`{argument}` must be a mapping {{node: (parents, table)}}. "
            f"Received: {tables!r}"
        )
    parents, contents = {}, {}
    for name, node in tables.items():
        try:
            own_parents, contents[name] = node
            parents[name] = list(own_parents)
        except (TypeError, ValueError):
            raise TypeError(
                f"`{argument}[{name!r}]` must be a pair (parents, table). "
                f"Received: {node!r}"
            ) from None
    return parents, contents


def read(contents, graph, argument):
    """Every table as a float64 array (*states of the parents, states).

    Args:
        contents: dict from every node to an array, or to a mapping from each tuple of
            the parents' states to P(node = 1), or to the probabilities of all states.
        graph: `CausalGraph`.
        argument: name of the argument, for the error messages.

    Raises:
        ValueError: a table of a wrong shape, with rows missing, or whose rows are not
            probabilities that sum to 1.
    """
    states = {name: _count(contents[name], argument, name) for name in graph.nodes}
    return {
        name: _checked(
            contents[name],
            [states[parent] for parent in graph.parents(name)],
            states[name],
            f"{argument}[{name!r}]",
        )
        for name in graph.nodes
    }


def _count(table, argument, name):
    """How many states a node has."""
    if isinstance(table, Mapping):
        rows = list(table.values())
        counts = {2 if isinstance(row, numbers.Real) else np.size(row) for row in rows}
        if len(counts) == 1:
            return counts.pop()
        if not rows or len(counts) > 1:
            raise ValueError(
                f"`{argument}[{name!r}]` must have rows of one length. "
                f"Received: {table!r}"
            )
    array = np.asarray(table, object)
    return array.shape[-1] if array.ndim else 0


def _checked(table, parent_states, states, where):
    shape = (*parent_states, states)
    if isinstance(table, Mapping):
        table = _of_rows(table, shape, where)
    try:
        array = np.array(table, "float64")
    except (TypeError, ValueError):
        array = None
    if array is None or array.shape != shape or states < 2:
        received = repr(table) if array is None else f"shape {array.shape}"
        raise ValueError(
            f"`{where}` must be an array (*states of the parents, states), here "
            f"{(*parent_states, '2 or more')}. Received: {received}"
        )
    return normalized(array, where)


def normalized(array, where):
    """Probabilities along the last axis that sum to 1 exactly, else ValueError."""
    for row in np.ndindex(array.shape[:-1]):
        wrong = [p for p in array[row].tolist() if not 0 <= p <= 1]
        if wrong:
            raise ValueError(
                f"`{where}` must hold probabilities in [0, 1]. "
                f"Received: {wrong[0]} in row {row}"
            )
        total = array[row].sum()
        if abs(total - 1) > _ROUNDING:
            raise ValueError(
                f"`{where}` must hold probabilities that sum to 1 in every row. "
                f"Received: a sum of {total:.9g} in row {row}"
            )
        if abs(total - 1) > 1e-15:
            array[row] /= total
    return array


def _of_rows(table, shape, where):
    rows = list(itertools.product(*map(range, shape[:-1])))
    if set(table) != set(rows):
        raise ValueError(
            f"The table of `{where}` must have exactly the rows {rows}. "
            f"Received: {list(table)}"
        )
    array = np.empty(shape)
    for row, entry in table.items():
        if isinstance(entry, numbers.Real) and not isinstance(entry, bool):
            if not 0 <= entry <= 1:
                raise ValueError(
                    f"`{where}` must hold probabilities in [0, 1]. "
                    f"Received: {entry!r} in row {row}"
                )
            entry = (1 - entry, entry)
        try:
            array[row] = entry
        except (TypeError, ValueError):
            raise ValueError(
                f"`{where}` must hold probabilities in [0, 1]. "
                f"Received: {entry!r} in row {row}"
            ) from None
    return array
