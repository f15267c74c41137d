"""From noise to labels: every node by a network of its own noise and its parents."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from tf_gencs import seeds
from tf_gencs.array_checks import short
from tf_gencs.causal.layout import take_blocks

_SMALLEST = 1e-7  # of a uniform number, before its logarithm


class Mechanisms:
    """How a controller makes labels of noise, with any weights.

    The noise of a node is `noise_dim` numbers of its own, uniform in [-1, 1], as many
    for each unobserved cause, which the other effect sees too, and, where outputs are
    hard, a Gumbel number for each state: the state with the largest sum of logit and
    Gumbel number is chosen. Soft outputs are a sigmoid or softmax of the logits.

    Args:
        layout: `Layout`.
        noise_dim: numbers of noise.
        hard: whether labels that are passed on are states or numbers in (0, 1).
    """

    def __init__(self, layout, noise_dim, hard):
        self.layout, self.noise_dim, self.hard = layout, noise_dim, hard

    @property
    def inputs(self):
        """How many numbers the network of a node takes."""
        layout = self.layout
        noises = 1 + layout.shared.shape[1]
        return noises * self.noise_dim + layout.cause_inputs

    def draw(self, batch, stream):
        """Noise for `batch` samples from a stateless seed, a dict of tensors.

        "own" is (nodes, batch, noise_dim), "shared" (edges, batch, noise_dim), and
        "choice" (nodes, batch, states).
        """
        layout = self.layout

        def uniform(part, count, size, low):
            shape = (count, batch, size)
            seed = seeds.at_step(stream, part)
            return tf.random.stateless_uniform(shape, seed, low, 1.0)

        nodes, edges = len(layout.nodes), len(layout.graph.bidirected)
        noise = {
            "own": uniform(0, nodes, self.noise_dim, -1.0),
            "shared": uniform(1, edges, self.noise_dim, -1.0),
        }
        if self.hard:
            u = uniform(2, nodes, layout.width + 1, 0.0)
            noise["choice"] = gumbel(tf.maximum(u, _SMALLEST))
        return noise

    def check(self, noise):
        """Refuses what is no noise as `draw` gives it: TypeError or ValueError."""
        count, edges = len(self.layout.nodes), len(self.layout.graph.bidirected)
        sizes = {"own": (count, self.noise_dim), "shared": (edges, self.noise_dim)}
        if self.hard:
            sizes["choice"] = (count, self.layout.width + 1)
        if not isinstance(noise, Mapping) or not set(sizes) <= set(noise):
            received = sorted(noise) if isinstance(noise, Mapping) else short(noise)
            raise TypeError(
                f"`noise` must be a dict of {', '.join(sizes)}, as `abduct` gives it: "
                "labels follow from noise. `sample(n)` draws both. "
                f"Received: {received}"
            )
        batch = None
        for name, (rows, numbers) in sizes.items():
            shape = tuple(np.shape(noise[name]))
            batch = batch or shape[1:2]
            if shape != (rows, *batch, numbers):
                n = batch[0] if batch else "n"
                raise ValueError(
                    f"`noise[{name!r}]` must have shape ({rows}, {n}, {numbers}). "
                    f"Received: {shape}"
                )

    def logits(self, network, noise, parents, only=None):
        """Logits of all states.

        Args:
            network: `SideBySide` of all nodes.
            noise: as `draw` gives it.
            parents: columns of the parents of each node, (nodes, batch, numbers).
            only: list of places of nodes, or None for all.

        Returns:
            Tensor (nodes, batch, states).
        """
        layout = self.layout
        own, shared = noise["own"], layout.shared
        if only is not None:
            own, shared = tf.gather(own, only), shared[only]
        parts = [own]
        if shared.shape[1]:
            parts.append(take_blocks(tf.transpose(noise["shared"], (1, 0, 2)), shared))
        parts.append(layout.causes(parents))
        logits = network(tf.concat(parts, axis=-1), only=only)
        return layout.with_state_0(logits, only)

    def outputs(self, logits, noise, only=None):
        """Columns of the labels that follow from logits, (nodes, batch, width)."""
        if not self.hard:
            return tf.nn.softmax(logits)[..., 1:]
        choice = noise["choice"]
        choice = choice if only is None else tf.gather(choice, only)
        chosen = tf.argmax(logits + choice, axis=-1)
        return tf.one_hot(chosen - 1, self.layout.width)

    def propagate(self, network, noise, mask=None, values=None):
        """Labels of all nodes, causes first.

        Args:
            network, noise: as for `logits`.
            mask: boolean (nodes,): which are set from outside; None for none.
            values: columns that those get, (batch, nodes, width).

        Returns:
            Columns (batch, nodes, width) and logits (batch, nodes, states).
        """
        layout = self.layout
        count = len(layout.nodes)
        batch = tf.shape(noise["own"])[1]
        columns, logits = [None] * count, [None] * count
        zeros = tf.zeros((batch, layout.width))
        for level in layout.levels:
            known = [zeros if each is None else each for each in columns]
            parents = take_blocks(tf.stack(known, axis=1), layout.parents[level])
            found = self.logits(network, noise, parents, level)
            outputs = self.outputs(found, noise, level)
            for i, place in enumerate(level):
                logits[place], columns[place] = found[i], outputs[i]
                if mask is not None:
                    columns[place] = tf.where(
                        mask[place], values[:, place], columns[place]
                    )
        return tf.stack(columns, axis=1), tf.stack(logits, axis=1)


def gumbel(u):
    """Gumbel numbers from uniform ones in (0, 1)."""
    return -tf.math.log(-tf.math.log(u))
