"""The warm-up file of TensorFlow Serving: requests that it runs before it serves.

A TFRecord of `PredictionLog` messages. The few fields that it takes are written here,
byte by byte, so that an export needs no package of TensorFlow Serving.

Source: tensorflow_serving/apis/prediction_log.proto, predict.proto and model.proto.
"""

import tensorflow as tf

FILE = "tf_serving_warmup_requests"


def write(folder, examples, name):
    """Writes the warm-up file of an export.

    Args:
        folder: `pathlib.Path` of the export.
        examples: the `Example`s to run.
        name: of the model.
    """
    extra = folder / "assets.extra"
    extra.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(extra / FILE)) as writer:
        for example in examples:
            writer.write(prediction_log(name, example.signature, example.inputs))


def prediction_log(name, signature, inputs):
    """A serialised `PredictionLog` with one `PredictRequest`: bytes.

    Args:
        name: of the model.
        signature: its signature.
        inputs: dict from names to arrays.
    """
    model = field(1, name.encode()) + field(3, signature.encode())  # ModelSpec
    request = field(1, model)
    for key, array in inputs.items():
        tensor = tf.make_tensor_proto(array).SerializeToString()
        request += field(2, field(1, key.encode()) + field(2, tensor))
    return field(6, field(1, request))  # predict_log.request


def field(number, content):
    """A field of length-delimited bytes: tag, length, content."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value):
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])
