"""Which operations a graph is made of, and why a server could not run it."""

import tensorflow as tf

_HOST = {"PyFunc", "PyFuncStateless", "EagerPyFunc", "NumpyFunction"}
_UNSEEDED = {
    "Multinomial",
    "ParameterizedTruncatedNormal",
    "RandomGamma",
    "RandomPoisson",
    "RandomPoissonV2",
    "RandomShuffle",
    "RandomStandardNormal",
    "RandomUniform",
    "RandomUniformInt",
    "TruncatedNormal",
}


def names(graph):
    """Names of the operations of a `tf.Graph`, and of all functions it calls: a set."""
    definition = graph.as_graph_def()
    nodes = [definition.node, *(f.node_def for f in definition.library.function)]
    functions = {f.signature.name for f in definition.library.function}
    return {node.op for part in nodes for node in part} - functions


def check(graph, signature, native=False):
    """Refuses a graph that could not run in a server.

    Args:
        graph: `tf.Graph`.
        signature: its name, for the error message.
        native: whether our own library is there.

    Raises:
        ValueError: an operation of it calls Python, draws what no seed decides, or is
            none of TensorFlow's own.
    """
    for rule, found in _problems(names(graph), native):
        if found:
            raise ValueError(
                f"`export_recovery` must get {rule}. Received: {sorted(found)} in "
                f"`{signature}`"
            )


def _problems(found, native):
    foreign = {name for name in found if not hasattr(tf.raw_ops, name)} - _HOST
    if native:
        foreign = {name for name in foreign if not name.startswith("Gencs>")}
    yield (
        "what is made of TensorFlow operations alone: a measurement, generator or loss "
        "that computes in Python (`tf.py_function`, `tf.numpy_function`, operators of "
        "SciPy) has no Python in a server",
        found & _HOST,
    )
    yield (
        "what answers the same request alike: draw random numbers by "
        "`tf.random.stateless_...`",
        found & _UNSEEDED,
    )
    yield "operations that TensorFlow itself has: servers load no others", foreign
