"""What lies beside an exported graph: settings of batching, and a page on its use."""

import json
import shlex
import urllib.parse

import tensorflow as tf

_BATCHING = """\
max_batch_size {{ value: {largest} }}
batch_timeout_micros {{ value: 5000 }}
max_enqueued_batches {{ value: 100 }}
{allowed}
"""

_PAGE = """\
# {name}, version {version}

A recovery by tf_gencs: measurements in, signals out. Batches may have any size; what a
signal gets depends on its own inputs, up to rounding, not on its neighbours.
{native}
## Signatures

{signatures}

`seed` decides what is random of each signal; the same y and seed have the same answer.
`status` tells why a search stopped: 0 converged, 1 explained by noise, 2 gained little,
3 out of steps, 4 failed. `recover` answers y that is not finite, or of numbers too
large, by NaN and status 4; the other signatures compute with what they get.

## Serve

From the folder that holds `{name}/`:

    docker run --rm -p 8500:8500 -p 8501:8501 -v "$PWD"/{quoted}:/models/{quoted} \\
        -e MODEL_NAME={quoted} tensorflow/serving:{minor}.0 \\
        --enable_batching --enable_per_model_batching_parameters

or, where `tensorflow_model_server` is installed:

    tensorflow_model_server --port=8500 --rest_api_port=8501 --model_name={quoted} \\
        --model_base_path="$PWD"/{quoted} \\
        --enable_batching --enable_per_model_batching_parameters

Any server of TensorFlow {minor} or later will do.

## Ask by REST

    curl -X POST http://localhost:8501/v1/models/{address}:predict -d '{rest}'

The lists above are cut short: {shapes}.

## Ask by gRPC

With `pip install tensorflow-serving-api`:

```python
import grpc, numpy as np, tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

channel = grpc.insecure_channel("localhost:8500")
stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
request = predict_pb2.PredictRequest()
request.model_spec.name = "{name}"
request.model_spec.signature_name = "recover"
{grpc}
answer = stub.Predict(request, timeout=60)
x = tf.make_ndarray(answer.outputs["x"])
```
"""

_NATIVE = """
Its graph holds native operations of tf_gencs: a stock server cannot load it. A Python
process can, after `import tf_gencs`; another one after it loaded `_gencs_ops.so` of the
same TensorFlow minor version, by `TF_LoadLibrary` of TensorFlow's C API.
"""


def write(folder, place, graphs, settings):
    """Writes `batching_params.pbtxt` and `README.md` into the folder of an export.

    Args:
        folder: where to write.
        place: NAME/VERSION, what the folder will be.
        graphs: dict from names of signatures to concrete functions.
        settings: `ExportSettings`.
    """
    (folder / "batching_params.pbtxt").write_text(_batching(settings.max_batch_size))
    (folder / "README.md").write_text(_page(place, graphs, settings.native))


def _batching(largest):
    """Sizes that batches are padded to: powers of 2."""
    sizes, size = [], 1
    while size < largest:
        sizes.append(size)
        size *= 2
    allowed = "\n".join(f"allowed_batch_sizes: {size}" for size in (*sizes, largest))
    return _BATCHING.format(largest=largest, allowed=allowed)


def _page(place, graphs, native):
    inputs = specs_of(graphs["recover"])[0]
    grpc = "\n".join(
        f'request.inputs["{name}"].CopyFrom(tf.make_tensor_proto({_numbers(spec)}))'
        for name, spec in inputs.items()
    )
    rest = {
        "signature_name": "recover",
        "inputs": {name: _few(spec) for name, spec in inputs.items()},
    }
    return _PAGE.format(
        name=place.parent.name,
        quoted=shlex.quote(place.parent.name),
        address=urllib.parse.quote(place.parent.name),
        version=place.name,
        minor=".".join(tf.__version__.split(".")[:2]),
        native=_NATIVE if native else "",
        signatures="\n".join(_row(name, graph) for name, graph in graphs.items()),
        rest=json.dumps(rest),
        shapes=", ".join(f"{name} is {_shape(spec)}" for name, spec in inputs.items()),
        grpc=grpc,
    )


def specs_of(graph):
    """Inputs and outputs of a concrete function: two dicts from names to specs."""
    return graph.structured_input_signature[1], graph.structured_outputs


def _row(name, graph):
    parts = (
        ", ".join(f"`{key}` {_told(spec)}" for key, spec in sorted(specs.items()))
        for specs in specs_of(graph)
    )
    default = " (also `serving_default`)" if name == "recover" else ""
    return f"- `{name}`{default}: {' -> '.join(parts)}"


def _told(spec):
    return f"{spec.dtype.name} {_shape(spec)}"


def _shape(spec):
    sizes = ["batch" if size is None else str(size) for size in spec.shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _numbers(spec):
    sizes = [1 if size is None else size for size in spec.shape]
    return f'np.zeros({tuple(sizes)}, "{spec.dtype.name}")'


def _few(spec):
    value = 0.0 if spec.dtype.is_floating else 0
    for size in reversed(spec.shape):
        value = [value] * (1 if size is None else min(size, 3))
    return value
