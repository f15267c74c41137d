"""Where answers go: TFRecords of `tf.train.Example`, or Parquet.

Both have "id", "seed" and what the export answers; arrays of more axes are flat, in C
order.
"""

import json
import math

import tensorflow as tf

from tf_gencs.serving import warmup
from tf_gencs.serving.bulk import places
from tf_gencs.serving.bulk.fields import ID
from tf_gencs.serving.bulk.sources.parquet import pyarrow
from tf_gencs.serving.requests import SEED

SHAPES = b"tf_gencs.shapes"  # in the metadata of a Parquet schema


def write(format, path, rows, answers, outputs):
    """Writes the answers of a shard.

    Args:
        format: "tfrecord" or "parquet".
        path: of the file.
        rows: `Rows`.
        answers: dict from names to arrays (count, ...).
        outputs: dict from names to pairs of a dtype and the shape of one answer.
    """
    columns = {SEED: rows.inputs[SEED], **answers}
    if format == "parquet":
        _write_parquet(path, rows.ids, columns, outputs)
    else:
        _write_records(path, rows.ids, columns)


def _write_records(path, ids, columns):
    columns = {name: _flat(column) for name, column in columns.items()}
    with tf.io.TFRecordWriter(path) as writer:
        for row, own in enumerate(ids):
            features = {name: _feature(column[row]) for name, column in columns.items()}
            features[ID] = tf.train.Feature(
                bytes_list=tf.train.BytesList(value=[own.encode()])
            )
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString(deterministic=True))


def _flat(column):
    """A row for each answer, also of none."""
    return column.reshape(len(column), math.prod(column.shape[1:]))


def _feature(values):
    if values.dtype.kind == "f":
        return tf.train.Feature(float_list=_float_list(values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def _float_list(values):
    """A `FloatList` by its bytes: number by number it takes ten times as long."""
    content = values.astype("<f4").tobytes()
    return tf.train.FloatList.FromString(warmup.field(1, content) if content else b"")


def _write_parquet(path, ids, columns, outputs):
    arrow = pyarrow()
    arrays = {ID: arrow.array(ids, arrow.string())}
    for name, column in columns.items():
        flat = _flat(column)
        values = arrow.array(flat.reshape(-1))
        arrays[name] = values
        if column.ndim > 1:
            arrays[name] = arrow.FixedSizeListArray.from_arrays(values, flat.shape[1])
    shapes = {name: list(shape) for name, (_, shape) in outputs.items()}
    table = arrow.table(arrays)
    table = table.replace_schema_metadata({SHAPES: json.dumps(shapes)})
    with places.opened_to_write(path) as file:
        arrow.parquet.write_table(table, file)
