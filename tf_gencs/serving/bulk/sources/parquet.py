"""Parquet files: a column of each name, lists of numbers."""

import functools

import numpy as np

from tf_gencs.serving.bulk import places


def pyarrow():
    """The package that reads and writes Parquet.

    Raises:
        ImportError: it is not installed, with the way out.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(
            "Parquet files need pyarrow: `pip install tf-gencs[beam]` or `pip install "
            "pyarrow`."
        ) from error
    return pyarrow


def columns(path):
    """How many rows a file has, and the types of its columns by name.

    Raises:
        ValueError: damaged.
    """
    arrow = pyarrow()
    try:
        with places.opened(path) as file, arrow.parquet.ParquetFile(file) as table:
            return table.metadata.num_rows, {
                field.name: field.type for field in table.schema_arrow
            }
    except (arrow.lib.ArrowException, OSError) as error:
        raise ValueError(f"it is no readable Parquet file: {error}") from error


def records(path, start, stop, names):
    """The rows `start` to `stop` of a file: dicts from names to arrays.

    A value that is null is left out.
    """
    first = 0
    for group, rows in enumerate(_group_sizes(path)):
        last = first + rows
        begin, end = max(start, first), min(stop, last)
        if begin < end:
            table = _group(path, group, tuple(names))
            for row in range(begin - first, end - first):
                yield _row(table, row)
        first = last


@functools.lru_cache(1)
def _group_sizes(path):
    with places.opened(path) as file, pyarrow().parquet.ParquetFile(file) as table:
        metadata = table.metadata
        return [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]


@functools.lru_cache(1)  # shards that follow each other are often of one group
def _group(path, number, names):
    with places.opened(path) as file, pyarrow().parquet.ParquetFile(file) as table:
        there = [name for name in names if name in table.schema_arrow.names]
        return table.read_row_group(number, columns=there)


def _row(table, row):
    found = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        value = column[row]
        if value.is_valid:
            inner = getattr(value, "values", None)
            found[name] = (
                np.asarray(value.as_py())
                if inner is None
                else inner.to_numpy(zero_copy_only=False)
            )
    return found
