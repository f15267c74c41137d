"""How labels lie in tensors: one row of columns for each node."""

import numpy as np
import tensorflow as tf

# What a state that a node does not have gets as its logit.
_NEVER = -1e9
# Joint states of causes, up to which each is an input of its own.
_MOST_CELLS = 64


class Layout:
    """Places of nodes, states and parents in the tensors of a controller.

    A label of k states is k - 1 columns, each 1 in its state, all 0 in state 0: one
    column where it is binary. A continuous label is one column, its number. Nodes with
    fewer columns than others have zeros in the rest. Models of images have columns of
    their own, `models.label_columns.LabelColumns`, one for each of several states.

    Args:
        graph: `CausalGraph`.
        states: dict from nodes to their number of states; None for continuous ones.
        interactions: see `CausalController`.

    Attributes:
        nodes: tuple of names, in the order of all tensors.
        width: columns of each node.
        continuous: boolean array (nodes,).
        levels: lists of places; the parents of a level's nodes are in levels before.
        parents: int array (nodes, most parents), filled up with `len(nodes)`.
        shared: int array (nodes, most bidirected edges), filled up with their number.
        cause_inputs: numbers in which networks see the causes of a node.
    """

    def __init__(self, graph, states, interactions=True):
        self.graph, self.states = graph, dict(states)
        self.nodes = graph.nodes
        self.place = {name: i for i, name in enumerate(self.nodes)}
        counts = [2 if states[name] is None else states[name] for name in self.nodes]
        self.counts = np.array(counts, int)
        self.continuous = np.array([states[name] is None for name in self.nodes], bool)
        self.width = int(self.counts.max()) - 1
        self.levels = self._levels()
        places = [[self.place[p] for p in graph.parents(name)] for name in self.nodes]
        self.parents = padded(places, len(self.nodes))
        edges = graph.bidirected
        places = [[i for i, e in enumerate(edges) if n in e] for n in self.nodes]
        self.shared = padded(places, len(edges))
        many = self.parents.shape[1]
        cells = (self.width + 1) ** many
        few = many > 1 and cells <= _MOST_CELLS
        self._cells = cells if interactions and few else 0
        self.cause_inputs = many * self.width + self._cells
        has = np.arange(self.width + 1) < self.counts[:, None]
        self._mask = np.where(has, 0.0, _NEVER).astype("float32")

    def _levels(self):
        depth = {}
        for name in self.graph.order:
            above = [depth[parent] for parent in self.graph.parents(name)]
            depth[name] = 1 + max(above, default=-1)
        return [
            [self.place[name] for name in self.nodes if depth[name] == level]
            for level in sorted(set(depth.values()))
        ]

    def columns(self, labels):
        """Labels (..., nodes) of any dtype as columns (..., nodes, width), float32."""
        indices = tf.cast(labels, tf.int32) - 1
        found = tf.one_hot(indices, self.width)
        if self.continuous.any():
            numbers = tf.cast(labels, tf.float32)[..., None]
            numbers = tf.pad(
                numbers,
                [[0, 0]] * (len(numbers.shape) - 1) + [[0, self.width - 1]],
            )
            found = tf.where(self.continuous[:, None], numbers, found)
        return found

    def all_states(self, columns):
        """Columns (..., width) as a probability of each state, (..., width + 1)."""
        first = 1 - tf.reduce_sum(columns, axis=-1, keepdims=True)
        return tf.concat([first, columns], axis=-1)

    def causes(self, columns):
        """What networks see of causes: columns (..., numbers), and their joint states.

        Networks learn what causes do one by one soon, and what only several do together
        late or never: where joint states are few, each has an input of its own, its
        chance (0 or 1 where labels are states).
        """
        if not self._cells:
            return columns
        cells = tf.ones_like(columns[..., :1])
        shape = tf.shape(columns)[:-1]
        for block in tf.split(columns, self.parents.shape[1], axis=-1):
            cells = cells[..., None] * self.all_states(block)[..., None, :]
            size = cells.shape[-2] * cells.shape[-1]
            cells = tf.reshape(cells, tf.concat([shape, [size]], axis=0))
        return tf.concat([columns, cells], axis=-1)

    def labels(self, columns):
        """Columns (..., nodes, width) as the likeliest labels (..., nodes), float32."""
        likeliest = tf.argmax(self.all_states(columns), axis=-1)
        found = tf.cast(likeliest, tf.float32)
        if self.continuous.any():
            found = tf.where(self.continuous, columns[..., 0], found)
        return found

    def with_state_0(self, logits, only=None):
        """Logits (nodes, batch, width) with those of state 0, which are 0, in front."""
        logits = tf.pad(logits, [[0, 0], [0, 0], [1, 0]])
        mask = self._mask if only is None else self._mask[only]
        return logits + mask[:, None]


def padded(lists, fill):
    """Lists of different lengths as one int array, filled up."""
    longest = max(map(len, lists), default=0)
    return np.array([[*each, *[fill] * (longest - len(each))] for each in lists], int)


def take_blocks(columns, places):
    """Columns of some nodes behind one another.

    Args:
        columns: tensor (batch, nodes, width), or one for each of the sets of places,
            (sets, batch, nodes, width).
        places: int array (sets, many), in which `nodes` stands for zeros.

    Returns:
        Tensor (sets, batch, many * width).
    """
    sets, many = places.shape
    width = columns.shape[-1]
    if many == 0:
        return tf.zeros((sets, tf.shape(columns)[-3], 0))
    ahead = [[0, 0]] * (len(columns.shape) - 2)
    columns = tf.pad(columns, [*ahead, [0, 1], [0, 0]])
    if len(columns.shape) == 3:
        taken = tf.gather(columns, places.ravel(), axis=1)
        taken = tf.reshape(taken, (-1, sets, many * width))
        return tf.transpose(taken, (1, 0, 2))
    taken = tf.gather(tf.transpose(columns, (0, 2, 1, 3)), places, batch_dims=1)
    taken = tf.transpose(taken, (0, 2, 1, 3))
    return tf.reshape(taken, (sets, -1, many * width))
