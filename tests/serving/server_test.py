"""Requests as TensorFlow Serving has them: its messages, its warm-up, its server.

The messages are those of `pip install tensorflow-serving-api`, which the extra
`serving` asks for; an export does without them.
"""

import concurrent.futures
import json
import shutil
import socket
import subprocess
import time
import urllib.request

import numpy as np
import pytest
import tensorflow as tf

from tests.serving.exports import ROUNDING, load, seeds

grpc = pytest.importorskip("grpc")
predict_pb2 = pytest.importorskip(
    "tensorflow_serving.apis.predict_pb2", reason="needs tensorflow-serving-api"
)
from tensorflow_serving.apis import (  # noqa: E402
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)


def test_the_warm_up_file_is_what_servers_read(exported):
    file = exported.path / "assets.extra" / "tf_serving_warmup_requests"
    asked = set()
    for record in tf.data.TFRecordDataset(str(file)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        assert request.model_spec.name == "tiny"
        asked.add(request.model_spec.signature_name)
        answer(exported.path, request)
    assert asked == set(load(exported.path).signatures) - {"serving_default"}


def answer(path, request):
    """What a server makes of a request."""
    signature = load(path).signatures[request.model_spec.signature_name]
    inputs = {
        name: tf.constant(tf.make_ndarray(tensor))
        for name, tensor in request.inputs.items()
    }
    response = predict_pb2.PredictResponse()
    for name, tensor in signature(**inputs).items():
        response.outputs[name].CopyFrom(tf.make_tensor_proto(tensor))
    return response


def request_of(y, name="tiny"):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = "recover"
    request.inputs["y"].CopyFrom(tf.make_tensor_proto(y))
    request.inputs["seed"].CopyFrom(tf.make_tensor_proto(seeds(len(y))))
    return request


def test_messages_make_the_round_over_grpc(exported):
    class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
        def Predict(self, request, context):
            return answer(exported.path, request)

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        Service(), server
    )
    port = server.add_insecure_port("localhost:0")
    server.start()
    try:
        same_as_in_python(exported, port)
    finally:
        server.stop(None)


def same_as_in_python(exported, port):
    model, A, _ = exported
    y = np.asarray(A(model.generate(3, seed=1)))
    with grpc.insecure_channel(f"localhost:{port}") as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        response = stub.Predict(request_of(y), timeout=100)
    x = tf.make_ndarray(response.outputs["x"])
    expected = model.recover(y, A, seed=0, verbose=0)
    np.testing.assert_allclose(x, expected, atol=ROUNDING)


@pytest.mark.skipif(
    shutil.which("tensorflow_model_server") is None,
    reason="there is no tensorflow_model_server on PATH",
)
def test_a_stock_server_answers_by_rest_and_grpc(exported):
    grpc_port, rest_port = free_port(), free_port()
    server = subprocess.Popen(
        [
            "tensorflow_model_server",
            f"--port={grpc_port}",
            f"--rest_api_port={rest_port}",
            "--model_name=tiny",
            f"--model_base_path={exported.path.parent}",
            "--enable_batching",
            "--enable_per_model_batching_parameters",
        ]
    )
    try:
        model, A, _ = exported
        y = np.asarray(A(model.generate(2, seed=1)))
        inputs = {"y": y.tolist(), "seed": seeds(2).tolist()}
        asked = urllib.request.Request(
            f"http://localhost:{rest_port}/v1/models/tiny:predict",
            json.dumps({"signature_name": "recover", "inputs": inputs}).encode(),
        )
        found = json.loads(patiently(lambda: urllib.request.urlopen(asked).read()))
        expected = model.recover(y, A, seed=0, verbose=0)
        np.testing.assert_allclose(found["outputs"]["x"], expected, atol=ROUNDING)
        same_as_in_python(exported, grpc_port)
    finally:
        server.terminate()
        server.wait(30)


def free_port():
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return found.getsockname()[1]


def patiently(ask, seconds=60):
    """What `ask` gives, once the server is up."""
    end = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
