"""What a record must hold, and whether it does."""

import math
from typing import NamedTuple

import numpy as np

from tf_gencs.serving.bulk.malformed import Malformed
from tf_gencs.serving.requests import SEED

ID = "id"

_LARGEST_SEED = 2**63 - 1


class Record(NamedTuple):
    """A record as it is recovered from.

    Attributes:
        inputs: dict from names to arrays, of the export's shapes and dtypes.
        seed: an integer, or None where it brought none.
        id: a text, or None.
    """

    inputs: dict
    seed: int | None
    id: str | None


class Fields:
    """What the export's `recover` takes of each signal.

    Args:
        inputs: dict from names to pairs (name of a dtype, shape of one signal's).
    """

    def __init__(self, inputs):
        self.inputs = {n: (d, tuple(s)) for n, (d, s) in inputs.items() if n != SEED}

    @property
    def names(self):
        """Names that records may have."""
        return [*self.inputs, SEED, ID]

    @property
    def only(self):
        """What the array of a .npy file is: "y"; None where several are needed."""
        return next(iter(self.inputs)) if len(self.inputs) == 1 else None

    @property
    def bytes(self):
        """Of the inputs of one signal."""
        return sum(
            math.prod(shape) * np.dtype(dtype).itemsize
            for dtype, shape in self.inputs.values()
        )

    def read(self, found):
        """The `Record` that a dict from names to arrays is; see `sources.records`.

        Raises:
            Malformed: it is none.
        """
        if isinstance(found, Malformed):
            raise found
        inputs = {
            name: self._input(name, found.get(name), dtype, shape)
            for name, (dtype, shape) in self.inputs.items()
        }
        seed = None if SEED not in found else _seed(found[SEED])
        return Record(inputs, seed, None if ID not in found else _id(found[ID]))

    @staticmethod
    def _input(name, value, dtype, shape):
        if value is None:
            raise Malformed(f"has no `{name}`")
        value, size = np.asarray(value), math.prod(shape)
        if value.dtype.kind not in "fiub":
            raise Malformed(f"has no numbers in `{name}`")
        if value.size != size:
            raise Malformed(f"has {value.size} numbers in `{name}`, not {size}")
        with np.errstate(over="ignore"):  # infinity says it
            value = value.astype(dtype).reshape(shape)
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise Malformed(f"has NaN or infinity in `{name}`")
        return value

    def rows_of(self, shapes):
        """How many rows arrays have, of these names, shapes and dtypes.

        Raises:
            ValueError: the rows of one have another size than the export takes, a name
                is missing, or they have not all as many.
        """
        if None in shapes:
            raise ValueError(
                f"a .npy file is one array, and the export takes {list(self.inputs)}: "
                "give .npz files"
            )
        self.check_names(shapes)
        for name, (_, shape) in self.inputs.items():
            got, dtype = shapes[name]
            size = math.prod(shape)
            if not got or math.prod(got[1:]) != size or dtype.kind not in "fiub":
                raise ValueError(
                    f"its `{name}` has shape {got} and dtype {dtype}, and the export "
                    f"takes {size} numbers a row"
                )
        rows = {name: got[0] for name, (got, _) in shapes.items() if name in self.names}
        if len(set(rows.values())) != 1:
            raise ValueError(f"its arrays have different numbers of rows: {rows}")
        return next(iter(rows.values()))

    def check_names(self, names):
        """Raises ValueError where an input is missing."""
        missing = [name for name in self.inputs if name not in names]
        if missing:
            raise ValueError(f"it has no {missing}, but {sorted(names)}")


def _seed(value):
    value = np.asarray(value)
    value = value.item() if value.size == 1 and value.dtype.kind in "iu" else None
    if value is None or not 0 <= value <= _LARGEST_SEED:
        raise Malformed(f"has a `{SEED}` that is no integer from 0 to 2**63 - 1")
    return value


def _id(value):
    value = np.asarray(value, object).reshape(-1)
    value = value[0] if len(value) == 1 else None
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            value = None
    if isinstance(value, bool) or not isinstance(value, (str, int, np.integer)):
        raise Malformed(f"has an `{ID}` that is no text or integer")
    return str(value)
