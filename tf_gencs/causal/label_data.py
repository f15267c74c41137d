"""Labels as users have them, by name, turned into one matrix."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from tf_gencs.causal import conditions, graph_forms


def is_named(labels):
    """Whether it is a dict of columns or a DataFrame."""
    return isinstance(labels, Mapping) or hasattr(labels, "columns")


def matrix(labels, graph, states, argument="labels"):
    """Labels of all nodes, float32 (n, nodes), in the order of the nodes.

    Args:
        labels: dict of arrays (n,), or a DataFrame; columns that are no nodes are left
            out.
        graph: `CausalGraph`.
        states: dict from nodes to their number of states; None for numbers in [0, 1].
        argument: its name, for error messages.

    Raises:
        TypeError: no such thing: an array has no names.
        ValueError: a node without a column, columns of different lengths, or a label
            that its node does not have.
    """
    check_named(labels, graph, argument)
    columns = []
    for name in graph.nodes:
        where = f"{argument}[{name!r}]"
        column = conditions.labels(labels[name], states[name], where, (None,))
        if columns and len(column) != len(columns[0]):
            raise ValueError(
                f"`{argument}` must hold columns of one length. Received: "
                f"{len(column)} of {name!r}, {len(columns[0])} of {graph.nodes[0]!r}"
            )
        columns.append(column.astype("float32"))
    if not len(columns[0]):
        raise ValueError(f"`{argument}` must hold a row. Received: none")
    return np.stack(columns, axis=1)


def check_named(labels, graph, argument="labels"):
    """Raises TypeError for what has no names, ValueError where a node has no column."""
    if not is_named(labels):
        raise TypeError(
            f"`{argument}` must be a dict of arrays or a DataFrame: columns go by "
            f"name, never by place. Received: {type(labels).__name__}"
        )
    _check_names(list(labels), graph, argument)


def named_columns(labels, graph, states, names=None, argument="y"):
    """Labels that lie beside images, as a dict of the nodes' columns, checked.

    Args:
        labels: as for `matrix`; or, with `names`, an array (n, columns).
        graph, states, argument: as for `matrix`.
        names: of the columns of an array.
    """
    if names is not None and not is_named(labels):
        shape = np.shape(labels)
        if len(shape) != 2 or shape[1] != len(names):
            raise ValueError(
                f"`{argument}` must have shape (n, {len(names)}), a column for each of "
                f"`label_names`. Received: {shape}"
            )
        labels = dict(zip(names, np.asarray(labels).T, strict=True))
    rows = matrix(labels, graph, states, argument)
    return dict(zip(graph.nodes, rows.T, strict=True))


def named_pairs(dataset, graph, names=None):
    """A dataset of pairs (images, dict of labels) of one whose labels may be arrays."""
    element = dataset.element_spec
    pair = isinstance(element, tuple) and len(element) == 2
    if pair and names is not None and not isinstance(element[1], Mapping):
        shape = element[1].shape
        if shape.rank != 2 or shape[1] not in (None, len(names)):
            raise ValueError(
                f"Labels must have shape (batch, {len(names)}), a column for each of "
                f"`label_names`. Received: {shape}"
            )
        dataset = dataset.map(
            lambda x, y: (
                x,
                dict(zip(names, tf.unstack(y, len(names), 1), strict=True)),
            )
        )
        element = dataset.element_spec
    if not (pair and isinstance(element[1], Mapping)):
        raise TypeError(
            "`x` must be a dataset of images and dicts of labels by name; where labels "
            "are arrays, `label_names` says which column is which. "
            f"Received: a dataset of {element}"
        )
    _check_columns(element[1], graph)
    return dataset


def batches(dataset, graph, states):
    """A dataset of batches (batch, nodes) of one that gives dicts of them.

    Raises:
        TypeError, ValueError: it gives no dicts with all nodes. A label that its node
            does not have is an error when it comes.
    """
    element = dataset.element_spec
    if isinstance(element, tuple) and element:  # (image, labels) and the like
        named = [i for i, part in enumerate(element) if isinstance(part, Mapping)]
        if len(named) == 1:
            place = named[0]
            return batches(dataset.map(lambda *parts: parts[place]), graph, states)
    if not isinstance(element, Mapping):
        raise TypeError(
            "`labels` must give dicts of labels by name, alone or beside an image. "
            f"Received: a dataset of {element}"
        )
    _check_columns(element, graph)
    return dataset.map(lambda batch: stack(batch, graph, states))


def stack(batch, graph, states):
    """Labels of all nodes (batch, nodes), float32, of a dict of tensors, in a graph.

    A label that its node does not have is an error when it comes.
    """
    columns = [tf.cast(batch[name], tf.float32) for name in graph.nodes]
    checks = []
    for name, column in zip(graph.nodes, columns, strict=True):
        k = states[name]
        top, whole = (1, column) if k is None else (k - 1, tf.round(column))
        rule = "numbers in [0, 1]" if k is None else f"states in 0..{k - 1}"
        good = tf.reduce_all((column >= 0) & (column <= top) & (column == whole))
        message = f"`labels[{name!r}]` must hold {rule}. Received:"
        checks.append(tf.debugging.Assert(good, [message, column]))
    with tf.control_dependencies([each for each in checks if each is not None]):
        return tf.stack(columns, axis=1)


def _check_columns(element, graph):
    _check_names(list(element), graph, "labels")
    for name in graph.nodes:
        if element[name].shape.rank != 1:
            raise ValueError(
                f"`labels[{name!r}]` must have shape (batch,): call `.batch(...)`. "
                f"Received: {element[name].shape}"
            )


def _check_names(names, graph, argument):
    missing = [name for name in graph.nodes if name not in names]
    if missing:
        hints = graph_forms.closest(missing[0], names)
        hint = f" Did you mean {hints[0]!r}?" if hints else ""
        raise ValueError(
            f"`{argument}` must have a column for each node of the graph. Missing: "
            f"{missing}. Received: {sorted(map(str, names))}.{hint}"
        )
