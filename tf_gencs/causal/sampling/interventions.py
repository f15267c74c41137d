"""Interventions on a controller, applied to draws of noise."""

import numpy as np
import tensorflow as tf

from tf_gencs import seeds
from tf_gencs.causal import conditions


class Interventions:
    """What is done to which node, for every draw.

    Args:
        controller: `CausalController`.
        do: dict as `conditions.check_do` gives it.
        stream: stateless seed of the call.

    Attributes:
        stream: see above.
        alike: whether all rows of the call are drawn from one distribution.
    """

    def __init__(self, controller, do, stream):
        self.controller, self.do, self.stream = controller, dict(do), stream
        self.layout = controller._layout
        self.alike = not any(isinstance(how, np.ndarray) for how in do.values())

    def fix(self, states):
        """Sets further nodes to states: a dict."""
        self.do.update(states)

    def labels_of(self, noise, rows, chunk):
        """Labels that follow from noise.

        Args:
            noise: dict of tensors of a batch.
            rows: int array (batch,): which rows of the call the draws are for.
            chunk: number of the batch, for what is drawn.

        Returns:
            States (batch, nodes) and numbers (batch, nodes, states), arrays.
        """
        layout, controller = self.layout, self.controller
        mask = np.zeros(len(layout.nodes), bool)
        labels = np.zeros((len(rows), len(layout.nodes)), "float32")
        changed = []
        for name in layout.graph.order:
            how, place = self.do.get(name), layout.place[name]
            if how is None:
                continue
            if callable(how):
                changed.append((name, how))
                continue
            mask[place] = True
            if isinstance(how, conditions.Drawn):
                part = (1 + place, chunk)
                where = seeds.at_step(self.stream, *part)
                uniforms = tf.random.stateless_uniform((len(rows),), where).numpy()
                labels[:, place] = how.draw(uniforms)
            else:
                labels[:, place] = how[rows] if isinstance(how, np.ndarray) else how
        for name, function in changed:
            # What the node would be, with what is done to its causes.
            old, _ = controller._forward(noise, mask, self._columns(labels))
            place, states = layout.place[name], layout.states[name]
            values = old[:, place] if states is None else old[:, place].astype("int32")
            mask[place] = True
            labels[:, place] = conditions.apply(
                function, values, states, f"do[{name!r}]"
            )
        return controller._forward(noise, mask, self._columns(labels))

    def _columns(self, labels):
        """Columns (batch, nodes, width) of labels, numbers between states included."""
        layout = self.layout
        states = np.arange(1, layout.width + 1)
        columns = (labels[..., None] == states).astype("float32")
        between = layout.continuous | (layout.counts == 2)
        columns[:, between] = 0
        columns[:, between, 0] = labels[:, between]
        return columns
