"""Labels as users have them, by name, turned into one matrix."""

import contextlib
import re
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from tf_gencs import array_checks, label_checks
from tf_gencs.causal.graphs import forms


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
    check_nodes(labels, graph, argument)
    columns = []
    for name in graph.nodes:
        where = f"{argument}[{name!r}]"
        column = label_checks.labels(labels[name], states[name], where, (None,))
        if columns and len(column) != len(columns[0]):
            raise ValueError(
                f"`{argument}` must hold columns of one length. Received: "
                f"{len(column)} of {name!r}, {len(columns[0])} of {graph.nodes[0]!r}"
            )
        columns.append(column.astype("float32"))
    if not len(columns[0]):
        raise ValueError(f"`{argument}` must hold a row. Received: none")
    return np.stack(columns, axis=1)


def check_nodes(labels, graph, argument="labels"):
    """Raises TypeError for what has no names, ValueError where a node has no column."""
    label_checks.check_named(labels, argument, ())
    _check_names(list(labels), graph, argument)


def named_columns(labels, graph, states, names=None, argument="y"):
    """Labels that lie beside images, as a dict of the nodes' columns, checked.

    Args:
        labels: as for `matrix`; or, with `names`, an array (n, columns).
        graph, states, argument: as for `matrix`.
        names: of the columns of an array, as `label_names` of `fit`.

    Raises:
        TypeError, ValueError: as `matrix`; or names that are no list of different ones.
    """
    names = _checked_names(names)
    if names is not None and labels is not None and not label_checks.named(labels):
        label_checks.refuse_masked(labels, argument)
        rows = array_checks.array(labels, argument)
        if rows.ndim != 2 or rows.shape[1] != len(names):
            raise ValueError(
                f"`{argument}` must have shape (n, {len(names)}), a column for each of "
                f"`label_names`. Received: {rows.shape}"
            )
        labels = dict(zip(names, rows.T, strict=True))
    rows = matrix(labels, graph, states, argument)
    return dict(zip(graph.nodes, rows.T, strict=True))


def named_pairs(dataset, graph, names=None, argument="x"):
    """A dataset of pairs (images, dict of labels) of one whose labels may be arrays."""
    names = _checked_names(names)
    element = dataset.element_spec
    pair = isinstance(element, tuple) and len(element) == 2
    if pair and names is not None and isinstance(element[1], tf.TensorSpec):
        shape = element[1].shape
        if shape.rank != 2 or shape[1] not in (None, len(names)):
            raise ValueError(
                f"`{argument}` must hold labels of shape (batch, {len(names)}), a "
                f"column for each of `label_names`. Received: {shape}"
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
            f"`{argument}` must be a dataset of images and dicts of labels by name; "
            "where labels are arrays, `label_names` says which column is which. "
            f"Received: a dataset of {_described(element)}"
        )
    _check_columns(element[1], graph)
    return dataset


def _checked_names(names):
    return None if names is None else forms.check_names(names, "label_names")


def batches(dataset, graph, states):
    """A dataset of batches (batch, nodes) of one that gives dicts of them.

    Raises:
        TypeError, ValueError: it gives no dicts with all nodes, or nothing. A label
            that its node does not have is an error when it comes, see `said_plainly`.
    """
    element = dataset.element_spec
    if dataset.cardinality() == 0:
        raise ValueError("`labels` must hold a row. Received: an empty dataset")
    if isinstance(element, tuple) and element:  # (image, labels) and the like
        named = [i for i, part in enumerate(element) if isinstance(part, Mapping)]
        if len(named) == 1:
            place = named[0]
            return batches(dataset.map(lambda *parts: parts[place]), graph, states)
    if not isinstance(element, Mapping):
        raise TypeError(
            "`labels` must give dicts of labels by name, alone or beside an image: "
            "`.map(lambda a, b: {'a': a, 'b': b})` names what comes without names. "
            f"Received: a dataset of {_described(element)}"
        )
    _check_columns(element, graph)
    return dataset.map(lambda batch: stack(batch, graph, states))


def look_at(data):
    """Reads what `batches` gives, so that a label that does not fit is an error."""
    with said_plainly():
        for _ in data:
            pass


def stack(batch, graph, states):
    """Labels of all nodes (batch, nodes), float32, of a dict of tensors, in a graph.

    A label that its node does not have is an error when it comes, see `said_plainly`.
    """
    columns = [
        tf.ensure_shape(tf.cast(batch[name], tf.float32), (None,))
        for name in graph.nodes
    ]
    checks = []
    for name, column in zip(graph.nodes, columns, strict=True):
        k = states[name]
        top, whole = (1, column) if k is None else (k - 1, tf.round(column))
        rule = "numbers in [0, 1]" if k is None else f"states in 0..{k - 1}"
        good = (column >= 0) & (column <= top) & (column == whole)
        message = f"`labels[{name}]` must hold {rule}. Received:"
        wrong = tf.boolean_mask(column, ~good)[:5]
        checks.append(tf.debugging.Assert(tf.reduce_all(good), [message, wrong]))
    with tf.control_dependencies([each for each in checks if each is not None]):
        return tf.stack(columns, axis=1)


def _check_columns(element, graph):
    _check_names(list(element), graph, "labels")
    for name in graph.nodes:
        _check_column(element[name], f"labels[{name!r}]")


@contextlib.contextmanager
def said_plainly():
    """Raises what an assertion says of labels or images as a short ValueError."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        # In a graph it is "[`labels...] [2 3]", else "b'`labels...'" and a line "2, 3".
        said = r"(`(?:labels\[|x`)[^\n]*?Received:)['\"\]]*\s*\[?([^\]\n]*)"
        found = re.search(said, str(error))
        if found is None:
            raise
        raise ValueError(f"{found[1]} [{found[2]}]") from None


def _described(element):
    """Shapes and types of a dataset's elements, in a line."""
    if isinstance(element, Mapping):
        inner = (f"{name!r}: {_described(part)}" for name, part in element.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(element, tuple):
        return f"({', '.join(map(_described, element))})"
    if isinstance(element, tf.TensorSpec):
        return f"{element.dtype.name} {element.shape}"
    return type(element).__name__


def _check_column(spec, where):
    numbers = isinstance(spec, tf.TensorSpec) and (
        spec.dtype.is_integer or spec.dtype.is_floating or spec.dtype.is_bool
    )
    if not numbers:
        raise TypeError(
            f"`{where}` must hold numbers, in dense tensors. "
            f"Received: {_described(spec)}"
        )
    if spec.shape.rank not in (None, 1):
        way = "call `.batch(...)`" if spec.shape.rank == 0 else "one number a row"
        raise ValueError(
            f"`{where}` must have shape (batch,): {way}. Received: {spec.shape}"
        )


def _check_names(names, graph, argument):
    missing = [name for name in graph.nodes if name not in names]
    if missing:
        # A column of another node was not meant to be this one.
        hints = forms.closest(missing[0], [n for n in names if n not in graph.nodes])
        hint = f" Did you mean {hints[0]!r}?" if hints else ""
        raise ValueError(
            f"`{argument}` must have a column for each node of the graph. Missing: "
            f"{missing}. Received: {sorted(map(str, names))}.{hint}"
        )
