"""Where measurements come from: TFRecord, .npy, .npz and Parquet, told by content.

Each kind knows how many rows a file has and reads some of them: dicts from names to
arrays, or a `Malformed` where there is no telling. What a row must hold is `Fields`'.
"""

from tf_gencs.serving.bulk.sources.source import Source, index, records

__all__ = ["Source", "index", "records"]
