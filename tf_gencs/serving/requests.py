"""The inputs of an export, by name: y, seeds, and the values of A."""

import collections
import re

import tensorflow as tf

SEED = "seed"


class Requests:
    """Tells the inputs of signatures apart, and what they mean.

    y goes by the name of its data term, "y" where there is only one. Values of A go by
    "A_" and the name of the weight; in a mixture the data term's name is in between.

    Args:
        data: `DataTerms`.

    Raises:
        ValueError: two inputs would have one name, or one that no request can have.
    """

    def __init__(self, data):
        self._data = data
        for name in data.terms:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
                raise ValueError(
                    "`A` must name its data terms by letters, digits and _ to be "
                    f"exported: requests name them. Received: {name!r}"
                )
        self.seeds = {SEED: tf.TensorSpec([None], tf.int64, SEED)}
        self.y = {
            name: tf.TensorSpec([None, term.measurement.measurements], data.dtype, name)
            for name, term in data.measured.items()
        }
        self._names = {
            name: [
                f"A_{own}" if len(data.terms) == 1 else f"A_{name}_{own}"
                for own in term.measurement.value_names
            ]
            for name, term in data.terms.items()
        }
        names = [SEED, *data.terms, *(n for own in self._names.values() for n in own)]
        twice = [n for n, count in collections.Counter(names).items() if count > 1]
        if twice:
            raise ValueError(
                "`A` must name its data terms such that the inputs of an export "
                f"differ: {SEED!r} is taken, and names of values begin with 'A_'. "
                f"Received: {list(data.terms)}, which gives {twice} twice"
            )

    def values(self, values):
        """Specs of the inputs with which every signal brings values of A of its own.

        Args:
            values: dict from names of data terms to tuples of tensors: those of A.
        """
        found = {}
        for name, parts in values.items():
            travelling = self._data.terms[name].measurement.travelling
            for own, part, travels in zip(
                self._names[name], parts, travelling, strict=True
            ):
                shape = [None, *(part.shape[1:] if travels else part.shape)]
                found[own] = tf.TensorSpec(shape, part.dtype, own)
        return found

    def y_of(self, inputs):
        """Dict from names of the terms that compare to tensors (batch, m)."""
        return {name: inputs[name] for name in self.y}

    def values_of(self, inputs):
        """Dict from names of data terms to tuples of tensors (batch, ...)."""
        return {
            name: tuple(inputs[own] for own in names)
            for name, names in self._names.items()
        }

    def named(self, values):
        """The inputs for values of A as `values_of` gives them: one for each signal."""
        return {
            own: part
            for name, names in self._names.items()
            for own, part in zip(names, values[name], strict=True)
        }
