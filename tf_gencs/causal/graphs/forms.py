"""The ways to write a graph down, each turned into nodes and their parents."""

import difflib
from collections.abc import Iterable, Mapping

_FORMS = (
    "edges [(cause, effect), ...], pairs [[node, [parents]], ...], a dict "
    "{node: [parents]} or a directed networkx graph"
)


def read(graph, nodes=None, argument="graph"):
    """Nodes with their parents, in the order in which they are named.

    Args:
        graph: one of the forms that `CausalGraph` takes.
        nodes: names in the order wanted, or None.
        argument: what error messages call `graph`.

    Returns:
        Dict from each name to a list of its parents' names.

    Raises:
        TypeError, ValueError: no such form, a name that is no text, twice or unknown.
    """
    declared = None if nodes is None else check_names(nodes, "nodes")
    if hasattr(graph, "successors") and hasattr(graph, "nodes"):  # networkx
        edges = [(str(cause), str(effect)) for cause, effect in graph.edges()]
        return _of_edges(
            edges, declared or [str(node) for node in graph.nodes], argument
        )
    if isinstance(graph, Mapping):
        return _of_families(list(graph.items()), declared, argument)
    if isinstance(graph, str) or not isinstance(graph, Iterable):
        raise TypeError(f"`{argument}` must be {_FORMS}. Received: {graph!r}")
    pairs = [_pair(item, argument) for item in graph]
    if all(isinstance(second, str) for _, second in pairs):
        return _of_edges(pairs, declared, argument)
    if any(isinstance(second, str) for _, second in pairs):
        raise TypeError(
            f"`{argument}` must hold edges (cause, effect) or families "
            f"[node, [parents]], not both. Received: {graph!r}"
        )
    return _of_families(pairs, declared, argument)


def check_names(names, argument):
    """A list of different, non-empty strings, else TypeError or ValueError."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(f"`{argument}` must be a list of names. Received: {names!r}")
    names = list(names)
    wrong = [name for name in names if not isinstance(name, str) or not name]
    if wrong:
        raise TypeError(f"`{argument}` must hold names as text. Received: {wrong[0]!r}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"`{argument}` must hold each name once. Received: {twice}")
    return names


def unknown(name, known, argument, beside=()):
    """The ValueError for a name that is not among those known, with a suggestion.

    Args:
        name: what was given.
        known: names that there are.
        argument: what the error message calls what held it.
        beside: names that came with it, which it was not meant to be.
    """
    close = closest(name, [each for each in known if each not in beside])
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return ValueError(
        f"`{argument}` must name nodes of the graph, {list(known)}. "
        f"Received: {name!r}.{hint}"
    )


def closest(name, known):
    """A list of the one known name that is most like this one, or of none."""
    by_lower = {str(each).lower(): each for each in known}
    close = difflib.get_close_matches(str(name).lower(), by_lower, n=1, cutoff=0.5)
    return [by_lower[each] for each in close]


def _pair(item, argument):
    pair = None if isinstance(item, str) else tuple(item)
    if pair is None or len(pair) != 2:
        raise TypeError(f"`{argument}` must be {_FORMS}. Received the item {item!r}")
    return pair


def _of_edges(edges, declared, argument):
    ends = dict.fromkeys(end for edge in edges for end in edge)
    names = check_names(ends if declared is None else declared, "nodes")
    parents = {name: [] for name in names}
    for cause, effect in edges:
        for end in (cause, effect):
            if end not in parents:
                raise unknown(end, names, argument)
        if cause in parents[effect]:
            raise ValueError(
                f"`{argument}` must hold each edge once. "
                f"Received: {(cause, effect)} twice"
            )
        parents[effect].append(cause)
    return parents


def _of_families(families, declared, argument):
    names = check_names([node for node, _ in families], argument)
    for name in declared or ():
        if name not in names:
            raise unknown(name, names, "nodes", declared)
    if declared is not None and len(declared) < len(names):
        left_out = [name for name in names if name not in declared]
        raise ValueError(f"`nodes` must name all of `{argument}`. Left out: {left_out}")
    given = dict(families)
    parents = {}
    for name in declared or names:
        parents[name] = check_names(given[name], f"{argument}[{name!r}]")
        for parent in parents[name]:
            if parent not in given:
                where = f"{argument}[{name!r}]"
                raise unknown(parent, names, where, (name, *parents[name]))
    return parents
