"""Makes the graph file of an export small: names are the most of its bytes."""

import itertools
import string

from tensorflow.core.protobuf import saved_model_pb2

_LETTERS = string.ascii_lowercase + string.digits
_INFERRED = "_output_shapes"  # shape functions tell the same when a graph is loaded


def shorten_names(folder):
    """Gives the nodes of all functions names of a few letters, in place.

    A function's own name, its inputs and outputs stay, by which others call it.

    Args:
        folder: of a SavedModel, as `pathlib.Path`.
    """
    path = folder / "saved_model.pb"
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString(path.read_bytes())
    for meta_graph in saved.meta_graphs:
        for function in meta_graph.graph_def.library.function:
            _shorten(function)
    path.write_bytes(saved.SerializeToString(deterministic=True))
    # It is of the file before; loaders make their own where there is none.
    (folder / "fingerprint.pb").unlink(missing_ok=True)


def _shorten(function):
    taken = {argument.name for argument in function.signature.input_arg}
    fresh = (name for name in _short_names() if name not in taken)
    names = {node.name: next(fresh) for node in function.node_def}

    def renamed(reference):
        """Of "^node", "node" or "node:output:0"; an input of the function stays."""
        mark = "^" if reference.startswith("^") else ""
        name, colon, rest = reference.removeprefix("^").partition(":")
        return f"{mark}{names.get(name, name)}{colon}{rest}"

    for node in function.node_def:
        node.name = names[node.name]
        node.input[:] = [renamed(each) for each in node.input]
        node.attr.pop(_INFERRED, None)
        node.attr.pop("_class", None)  # where to run, beside which node: all on one
        node.ClearField("experimental_debug_info")
    for returned in (function.ret, function.control_ret):
        for name, reference in list(returned.items()):
            returned[name] = renamed(reference)


def _short_names():
    """a, b, ... z, aa, ab, ...: node names begin with a letter."""
    for length in itertools.count(0):
        for first in string.ascii_lowercase:
            for rest in itertools.product(_LETTERS, repeat=length):
                yield first + "".join(rest)
