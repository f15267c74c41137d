"""How labels stand in the latents of a causal model of images."""

import numpy as np
import tensorflow as tf

from tf_gencs import label_checks, seeds

# Clear labels are moved so far from 0 and 1, that their logits are finite.
_MARGIN = 0.3
# Label noise: up to so far towards 1/2 and away from it, at these rates of decay.
_INWARDS, _INWARDS_RATE = 0.2, 5.0
_OUTWARDS, _OUTWARDS_RATE = 0.3, 15.0
_SMALLEST = 1e-6


class LabelColumns:
    """Labels as columns of numbers in [0, 1], and as the logits that a generator takes.

    A binary label is one column; a label of k > 2 states is k columns, each 1 in its
    state. Columns stand in the order of the graph's nodes. A column c becomes the logit
    of 0.3 + 0.4 c: -0.85 for 0, 0 for 1/2, 0.85 for 1.

    These are not the columns of `causal.layout.Layout`, in which a controller computes:
    there k states are k - 1 columns, all 0 in state 0. Here each of several states has
    a logit of its own, which a labeler reads and a generator takes. States go over from
    the one to the other, never columns.

    Args:
        states: dict from nodes to their number of states.

    Attributes:
        names: of the nodes.
        count: of columns.

    Raises:
        ValueError: a node has no states.
    """

    def __init__(self, states):
        for name, k in states.items():
            if k is None:
                raise ValueError(
                    "`controller` must be of labels with states: those of images are "
                    f"detected by classifiers. Received: {name!r}, which is continuous"
                )
        self.states = dict(states)
        self.names = tuple(states)
        self._widths = {name: 1 if k == 2 else k for name, k in states.items()}
        self.count = sum(self._widths.values())

    def places(self):
        """Dict from nodes to the slice of their columns."""
        found, start = {}, 0
        for name, width in self._widths.items():
            found[name] = slice(start, start + width)
            start += width
        return found

    def of(self, labels, argument="labels"):
        """Columns (n, count), float32, of a dict of arrays (n,), which is checked.

        Args:
            labels: of all nodes, or of some, whose columns alone then come: states; of
                a binary node any number in [0, 1].
            argument: its name in messages.

        Raises:
            ValueError: a label that its node does not have, or another number of them.
        """
        count = None
        parts = []
        for name in self.names:
            if name not in labels:
                continue
            k, where = self.states[name], f"{argument}[{name!r}]"
            numbers = None if k == 2 else k
            given = label_checks.labels(labels[name], numbers, where, (count,))
            count = len(given)
            parts.append(given[:, None] if k == 2 else np.eye(k)[given])
        return np.concatenate(parts, axis=1).astype("float32")

    def of_states(self, matrix):
        """Columns (batch, count) of a tensor (batch, nodes) of states."""
        parts = []
        for i, k in enumerate(self.states.values()):
            column = matrix[:, i]  # [:, i, None] of a stack loses its axis in a graph
            if k == 2:
                parts.append(tf.cast(column[:, None], tf.float32))
            else:
                parts.append(tf.one_hot(tf.cast(column, tf.int32), k))
        return tf.concat(parts, axis=1)

    def one(self, name, value, argument="labels"):
        """Columns (k,) or (1,) of one node's label, checked; see `of`."""
        k = self.states[name]
        where = f"{argument}[{name!r}]"
        value = label_checks.labels(value, None if k == 2 else k, where, ())
        return self.of({name: value[None]}, argument)[0]

    def likeliest(self, logits):
        """Dict of int32 arrays (n,): the likeliest states by logits.

        Args:
            logits: array (n, count), of latents or as a labeler gives them.
        """
        found = {}
        for name, place in self.places().items():
            part = logits[:, place]
            likeliest = part[:, 0] > 0 if part.shape[1] == 1 else part.argmax(axis=1)
            found[name] = likeliest.astype("int32")
        return found

    def logits(self, columns):
        """What a generator takes for columns: (n, count) -> (n, count)."""
        shown = _MARGIN + (1 - 2 * _MARGIN) * columns
        return np.log(shown / (1 - shown))

    def logits_of(self, columns):
        """`logits` of a tensor."""
        shown = _MARGIN + (1 - 2 * _MARGIN) * columns
        return tf.math.log(shown) - tf.math.log(1 - shown)

    def noisy_logits(self, columns, stream):
        """The same in training, with noise that never crosses 1/2.

        0 becomes 0.3 + s - t and 1 becomes 0.7 - s + t, where s in [0, 0.2] and t in
        [0, 0.3] are exponential numbers of rates 5 and 15, cut off at the ends.

        Args:
            columns: tensor (batch, count) of 0 and 1, floating point.
            stream: stateless seed.

        Returns:
            Tensor (batch, count), at most 0 for 0 and at least 0 for 1.

        Source: Kocaoglu, Snyder, Dimakis and Vishwanath, "CausalGAN", ICLR 2018.
        """
        shape, dtype = tf.shape(columns), columns.dtype

        def exponential(part, end, rate):
            uniform = tf.random.stateless_uniform(
                shape, seeds.at_step(stream, part), dtype=dtype
            )
            # The inverse of the distribution function, which ends at `end`.
            return -tf.math.log(1 - uniform * (1 - np.exp(-rate * end))) / rate

        inwards = exponential(0, _INWARDS, _INWARDS_RATE)
        outwards = exponential(1, _OUTWARDS, _OUTWARDS_RATE)
        low = tf.clip_by_value(_MARGIN + inwards - outwards, _SMALLEST, 0.5)
        return (2 * columns - 1) * (tf.math.log(1 - low) - tf.math.log(low))
