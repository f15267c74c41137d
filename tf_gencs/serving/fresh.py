"""Runs an export in a process that has TensorFlow and nothing of tf_gencs.

A script: `check` starts it with the folder of the export, a file for what it found
(JSON), and perhaps an op library to load.
"""

import os
import sys

# What lies beside this file is of no concern to others.
sys.path = [place for place in sys.path if place != os.path.dirname(__file__)]
sys.modules["tf_gencs"] = None  # whatever may be installed cannot be imported

import json  # noqa: E402
import pathlib  # noqa: E402
import resource  # noqa: E402
import time  # noqa: E402

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow.core.framework import tensor_pb2  # noqa: E402
from tensorflow.core.protobuf import saved_model_pb2  # noqa: E402


def main(folder, report, library=None):
    folder, found = pathlib.Path(folder), {}
    try:
        _look(folder, found, library)
    except Exception as error:  # whatever it is, the caller is to hear of it
        found["problem"] = f"{type(error).__name__}: {error}"
    pathlib.Path(report).write_text(json.dumps(found))


def _look(folder, found, library):
    content = (folder / "saved_model.pb").read_bytes()
    found["graph_bytes"] = len(content)
    found["foreign_ops"] = sorted(_foreign(content))
    if library:
        tf.load_op_library(library)
    before, start = _memory(), time.perf_counter()
    loaded = tf.saved_model.load(str(folder))
    found["load_seconds"] = time.perf_counter() - start
    found["signatures"] = {
        name: {
            "inputs": _specs(signature.structured_input_signature[1]),
            "outputs": _specs(signature.structured_outputs),
        }
        for name, signature in loaded.signatures.items()
    }
    found["warmup_requests"] = _warm(folder, loaded)
    found["differences"] = _compare(folder, loaded)
    found["memory_bytes"] = _memory() - before


def _foreign(content):
    """Operations that TensorFlow does not have by itself."""
    saved = saved_model_pb2.SavedModel.FromString(content)
    ops, functions = set(), set()
    for meta in saved.meta_graphs:
        library = meta.graph_def.library.function
        functions |= {function.signature.name for function in library}
        for nodes in (meta.graph_def.node, *(f.node_def for f in library)):
            ops |= {node.op for node in nodes}
    host = {op for op in ops if "PyFunc" in op}
    return {op for op in ops - functions if not hasattr(tf.raw_ops, op)} | host


def _specs(specs):
    return {name: [spec.dtype.name, list(spec.shape)] for name, spec in specs.items()}


def _warm(folder, loaded):
    """Runs the requests of the warm-up file: how many there are."""
    file = folder / "assets.extra" / "tf_serving_warmup_requests"
    if not file.exists():
        return 0
    count = 0
    for record in tf.data.TFRecordDataset(str(file)):
        request = _fields(_fields(_fields(record.numpy())[6][0])[1][0])
        signature = _fields(request[1][0])[3][0].decode()
        inputs = {}
        for entry in map(_fields, request[2]):
            tensor = tensor_pb2.TensorProto.FromString(entry[2][0])
            inputs[entry[1][0].decode()] = tf.constant(tf.make_ndarray(tensor))
        loaded.signatures[signature](**inputs)
        count += 1
    return count


def _fields(message):
    """Fields of a message that has none but bytes: dict from numbers to lists."""
    found, place = {}, 0
    while place < len(message):
        tag, place = _varint(message, place)
        size, place = _varint(message, place)
        found.setdefault(tag >> 3, []).append(message[place : place + size])
        place += size
    return found


def _varint(message, place):
    value = shift = 0
    while True:
        byte = message[place]
        value, shift, place = value | (byte & 127) << shift, shift + 7, place + 1
        if byte < 128:
            return value, place


def _compare(folder, loaded):
    """How far answers are from those in `examples`: dict of dicts of numbers."""
    differences = {}
    for place in sorted((folder / "assets.extra" / "examples").glob("*")):
        signature = (place / "signature.txt").read_text().strip()
        inputs, expected = (
            {file.stem: np.load(file) for file in (place / kind).glob("*.npy")}
            for kind in ("inputs", "outputs")
        )
        got = loaded.signatures[signature](
            **{name: tf.constant(array) for name, array in inputs.items()}
        )
        differences[place.name] = {
            name: _difference(got[name].numpy(), expected[name]) for name in expected
        }
    return differences


def _difference(got, expected):
    """The largest one, relative to the largest number expected."""
    if got.shape != expected.shape:
        return float("inf")
    got, expected = got.astype("float64"), expected.astype("float64")
    plain = np.isfinite(expected)
    alike = np.array_equal(got[~plain], expected[~plain], equal_nan=True)
    if not alike or not np.isfinite(got[plain]).all():
        return float("inf")
    gap = np.abs(got - expected)[plain].max(initial=0)
    return float(gap / max(np.abs(expected[plain]).max(initial=0), 1e-30))


def _memory():
    """Bytes of this process that are in memory now."""
    pages = pathlib.Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


if __name__ == "__main__":
    main(*sys.argv[1:])
