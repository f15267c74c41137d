"""What an export takes and gives, read off its file without loading it."""

import hashlib
from typing import NamedTuple

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from tf_gencs import ops
from tf_gencs.serving.bulk import places
from tf_gencs.serving.place import GRAPH, exported_version

SIGNATURE = "recover"


class Exported(NamedTuple):
    """An export, as a run needs to know it.

    Attributes:
        path: of its version.
        inputs, outputs: of `recover`: dicts from names to pairs of the name of a dtype
            and the shape of one signal's.
        sha256: of its graph and its variables.
    """

    path: str
    inputs: dict
    outputs: dict
    sha256: str


def read(value):
    """The `Exported` at a path: NAME/VERSION, or NAME for its last version.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is damaged, no export of a recovery, or made of native
            operations where these are not loaded.
    """
    path = places.absolute(value, "model")
    if not places.remote(path):
        path = str(exported_version(path, "model"))
    content = b"".join(places.blocks(f"{path}/{GRAPH}"))
    try:
        saved = saved_model_pb2.SavedModel.FromString(content)
    except DecodeError:
        raise ValueError(
            f"`model` must be a whole export: {GRAPH} is damaged. Received: {path}"
        ) from None
    signature = next(
        (
            graph.signature_def[SIGNATURE]
            for graph in saved.meta_graphs
            if SIGNATURE in graph.signature_def
        ),
        None,
    )
    if signature is None:
        raise ValueError(
            "`model` must be an export of `export_recovery`, which has a signature "
            f"{SIGNATURE!r}. Received: {path}"
        )
    if b"Gencs>" in content and ops.backend() == "twin":
        raise ValueError(
            "`model` must be exported with `ops='core'` where the native library is "
            f"not loaded, see `gencs.ops.backend()`. Received: {path}"
        )
    sha256 = hashlib.sha256(content)
    variables = f"{path}/variables"
    names = [n for n in places.names_in(variables) if n.startswith("variables.")]
    if not {"variables.index"} < set(names):
        raise ValueError(
            "`model` must be a whole export: files are missing from its folder "
            f"variables. Received: {path}"
        )
    for name in names:
        sha256.update(places.digest(f"{variables}/{name}").encode())
    return Exported(
        path, _specs(signature.inputs), _specs(signature.outputs), sha256.hexdigest()
    )


def _specs(tensors):
    return {
        name: (
            tf.as_dtype(info.dtype).name,
            tuple(axis.size for axis in info.tensor_shape.dim[1:]),
        )
        for name, info in sorted(tensors.items())
    }
