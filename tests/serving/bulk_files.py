"""Inputs and outputs of bulk recovery, made and read."""

import numpy as np
import tensorflow as tf

from tests.serving.exports import load
from tf_gencs.serving.bulk import work
from tf_gencs.serving.bulk.start import Asked, plan_of


def example(**features):
    """A serialised `tf.train.Example` of lists of numbers, or a text."""
    made = {}
    for name, value in features.items():
        if isinstance(value, (str, bytes)):
            text = value.encode() if isinstance(value, str) else value
            feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[text]))
        elif np.asarray(value).dtype.kind == "i":
            numbers = tf.train.Int64List(value=np.reshape(value, -1))
            feature = tf.train.Feature(int64_list=numbers)
        else:
            numbers = tf.train.FloatList(value=np.reshape(value, -1))
            feature = tf.train.Feature(float_list=numbers)
        made[name] = feature
    features = tf.train.Features(feature=made)
    return tf.train.Example(features=features).SerializeToString()


def write_records(path, records):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)


def read_answers(output):
    """All answers of a run, in their order: dicts from names to values."""
    found = []
    for path in sorted(output.parent.glob(f"{output.name}-*-of-*.tfrecord")):
        for record in tf.data.TFRecordDataset(str(path)):
            features = tf.train.Example.FromString(record.numpy()).features.feature
            found.append({name: _value(feature) for name, feature in features.items()})
    return found


def _value(feature):
    values = getattr(feature, feature.WhichOneof("kind")).value
    return values[0].decode() if isinstance(values[0], bytes) else np.array(values)


def planned(exported, tmp_path, pattern="*.in", to="out", **asked):
    """The plan of a run of files in a folder, and of the path of its output."""
    output = tmp_path / to / "found"
    output.parent.mkdir(exist_ok=True)
    asked = {"shard_rows": 4, **asked}
    asked = Asked(str(exported.path), str(tmp_path / pattern), str(output), **asked)
    return plan_of(asked), output


def run(plan, shards=None):
    """What the pipeline does, without one."""
    recover = load(plan.model).signatures["recover"]
    for shard in plan.left() if shards is None else shards:
        rows = work.read(plan.task, shard)
        answers = work.answer(recover, rows, 3, plan.outputs)
        work.write(plan.task, rows, answers)
