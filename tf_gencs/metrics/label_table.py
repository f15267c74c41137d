"""Tables of labels: probabilities of all cells."""

import math

import numpy as np

from tf_gencs import checks, label_checks
from tf_gencs.array_checks import short

_MOST_CELLS = 2**27  # 1 GiB


class LabelTable:
    """Probabilities of all cells of some labels, exact or of samples.

    ```python
    truth = gencs.metrics.LabelTable(scm.graph.nodes, scm.joint())
    found = gencs.metrics.LabelTable.of(samples, scm.states)
    gencs.metrics.total_variation(found, truth)
    ```

    Args:
        names: of the labels.
        probabilities: array with an axis for each label, of at least 0, sum 1.
        samples: how many samples it is made of; None where it is exact.

    Raises:
        TypeError: no names, or no array of numbers.
        ValueError: names and axes differ, or it is no table of probabilities.
    """

    def __init__(self, names, probabilities, samples=None):
        try:
            self.names = tuple(names)
            hash(self.names)
        except TypeError:
            raise TypeError(
                "`names` must be a tuple or list, a name for each axis. "
                f"Received: {names!r}"
            ) from None
        table = checks.array(probabilities, "probabilities")
        if table.dtype.kind not in "iuf":
            raise TypeError(
                f"`probabilities` must hold numbers. Received: {short(probabilities)}"
            )
        self.probabilities = table.astype("float64")
        if samples is not None:
            samples = checks.integer(samples, "samples")
        self.samples = samples
        axes = self.probabilities.ndim
        if axes != len(self.names) or len(set(self.names)) < axes:
            raise ValueError(
                "`names` must name each axis of `probabilities`, all differently. "
                f"Received: {list(self.names)} for {axes} axes"
            )
        total = self.probabilities.sum()
        if not (self.probabilities >= 0).all() or abs(total - 1) > 1e-6:
            raise ValueError(
                "`probabilities` must be at least 0 and sum to 1. "
                f"Received: a sum of {total:.6g}"
            )

    @classmethod
    def of(cls, labels, states):
        """The frequencies in samples.

        Args:
            labels: dict of integer arrays (n,), or a DataFrame.
            states: dict from names to how many states there are. What it does not name
                is left out.

        Raises:
            TypeError: no columns by name, or no dict of states.
            ValueError: a name without a column, a label outside of 0..k-1, columns of
                different lengths, no samples, or more cells than fit into memory.
        """
        shape = _checked_states(states)
        label_checks.check_named(labels, "labels", states)
        columns, n = [], None
        for name, k in zip(states, shape, strict=True):
            where = f"labels[{name!r}]"
            columns.append(label_checks.labels(labels[name], k, where, (n,)))
            n = len(columns[0])
        if not n:
            raise ValueError("`labels` must hold a sample. Received: none")
        cells = np.ravel_multi_index(columns, shape)
        counts = np.bincount(cells, minlength=math.prod(shape)).reshape(shape)
        return cls(states, counts / n, n)

    def marginal(self, *names):
        """The table of some labels, in that order."""
        for name in names:
            if name not in self.names:
                raise ValueError(
                    f"`names` must be among {list(self.names)}. Received: {name!r}"
                )
        others = tuple(i for i, name in enumerate(self.names) if name not in names)
        table = self.probabilities.sum(axis=others)
        kept = [name for name in self.names if name in names]
        table = table.transpose([kept.index(name) for name in names])
        return LabelTable(names, table, self.samples)


def _checked_states(states):
    """How many states labels have, as a tuple."""
    if not isinstance(states, dict) or not states:
        raise TypeError(
            "`states` must be a dict from names to how many states there are. "
            f"Received: {states!r}"
        )
    shape = tuple(checks.integer(k, f"states[{name!r}]") for name, k in states.items())
    if math.prod(shape) > _MOST_CELLS:
        raise ValueError(
            f"`states` must make at most {_MOST_CELLS} cells: leave labels out, and "
            f"compare tables of few. Received: {math.prod(shape)} cells of {states}"
        )
    return shape
