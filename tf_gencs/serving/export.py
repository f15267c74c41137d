"""Writes a recovery as a SavedModel that a stock TensorFlow Serving answers from."""

import tensorflow as tf

from tf_gencs import constants, files
from tf_gencs.recovery import Runner
from tf_gencs.serving import compact, examples, graph_ops, texts, warmup
from tf_gencs.serving.place import version_folder
from tf_gencs.serving.settings import ExportSettings
from tf_gencs.serving.signatures import Recovery
from tf_gencs.serving.stored import Stored

DEFAULT = "serving_default"

# Servers take gRPC messages of 4 MiB unless told otherwise: a larger A cannot come with
# a request.
_LARGEST_REQUEST = 4 * 2**20


def export_recovery(model, data, path, **settings):
    """Exports what `recover` does for one A.

    Args:
        model: the `SignalModel`.
        data: `DataTerms` of that A.
        path: see `SignalModel.export_recovery`.
        **settings: see `ExportSettings`.

    Returns:
        `pathlib.Path` of the version's folder.

    Example:

    ```python
    data = model.prepare_recovery(A).program.data
    path = gencs.serving.export_recovery(model, data, "export/digits")
    path  # .../export/digits/1, as by `model.export_recovery("export/digits", A)`
    ```
    """
    settings = ExportSettings(**settings)
    place = version_folder(path)
    runner = model.programs.get(model, data)
    program = runner.program
    if not program.traceable:
        raise ValueError(
            "`export_recovery` needs a method made of TensorFlow operations: "
            f"`{type(program.method).__name__}` computes in Python, which no server "
            "does. Compile the model with another `solver`. "
            f"Received: {program.method!r}"
        )
    values, stored = data.values(), Stored()
    with settings.backend(), constants.kept_by(stored.keep):
        prepared = Runner(program)
        derived = prepared.derive(values)
        recovery = Recovery(
            program,
            stored.keep(values),
            stored.keep(derived),
            stored.keep(prepared.share(settings.seed, derived)),
            settings.seed,
        )
        signatures = _signatures(model, recovery, values, settings)
        graphs = {
            name: _traced(name, signature, settings.native)
            for name, signature in signatures.items()
        }
    kept = _examples(model, recovery, runner, values, signatures, settings)
    module = tf.Module()
    module.stored = _variables(stored, graphs)
    place = version_folder(path)  # another export may have taken it meanwhile
    with files.new_folder(place) as folder:
        try:
            tf.saved_model.save(
                module,
                str(folder),
                {DEFAULT: graphs["recover"], **graphs},
                # Nobody differentiates what a server answers.
                tf.saved_model.SaveOptions(experimental_custom_gradients=False),
            )
            compact.shorten_names(folder)
        except tf.errors.OpError as error:  # a full disk, say
            raise OSError(error.message) from error
        examples.write(folder, kept)
        if kept:
            warmup.write(folder, kept, place.parent.name)
        texts.write(folder, place, graphs, settings)
    return place


def _signatures(model, recovery, values, settings):
    """A dict from names to `Signature`s."""
    found = {"recover": recovery.recover()}
    sizes = [tensor.numpy().nbytes for parts in values.values() for tensor in parts]
    brings = settings.A_in_requests
    if brings is None:
        brings = sum(sizes) < _LARGEST_REQUEST
    if brings and sizes and not recovery.travelling:
        found["recover_with"] = recovery.recover_with()
    found["measure"] = recovery.measure(model.signal_shape)
    adjoint = recovery.adjoint()
    if adjoint is not None:
        found["adjoint"] = adjoint
    return {**found, **model.served_signatures()}


def _traced(name, signature, native):
    """The concrete function of a signature, of which a server can run everything."""

    def function(**inputs):
        return signature.function(inputs)

    function.__name__ = name
    traced = tf.function(function, autograph=False)
    graph = traced.get_concrete_function(**signature.inputs)
    graph_ops.check(graph.graph, name, native)
    return graph


def _examples(model, recovery, runner, values, signatures, settings):
    """`Example`s of all signatures that fit into a request."""
    if not settings.warmup:
        return []
    own = [
        examples.of_signature(name, signature, settings.seed)
        for name, signature in signatures.items()
        if signature.example is not None
    ]
    x = next((example.outputs["x"] for example in own if "x" in example.outputs), None)
    if x is None:
        x = examples.signals(model.signal_shape, model.value_range, settings.seed)
    all_ = examples.of_recovery(recovery, runner, values, x, settings.seed) + own
    return [
        example
        for example in all_
        if example.signature in signatures and example.size < _LARGEST_REQUEST
    ]


def _variables(stored, graphs):
    """All variables that graphs read: what was stored, and weights of networks."""
    found = {id(variable): variable for variable in stored.variables}
    for graph in graphs.values():
        found.update({id(variable): variable for variable in graph.graph.variables})
    return list(found.values())
