"""Critics of several nodes together, which see what the controller makes of noise."""

import tensorflow as tf

from tf_gencs.causal.layout import padded, take_blocks
from tf_gencs.causal.training.critics import Critics


class FreeGroups(Critics):
    """Groups of nodes that learn together: those that share unobserved causes.

    A critic sees a group's nodes and their parents, made by the controller from noise.
    If those are distributed as in the data, for each group, so are all nodes: the joint
    distribution factorises so (Tian and Pearl, AAAI 2002).

    Where labels are hard, the slope of the loss in the logits of a node is a sum over
    its states: of what the critic says of the same noise after the intervention that
    sets the state. That is exact in expectation, without a relaxation.

    Args:
        mechanisms: `Mechanisms`.
        groups: list of lists of places of nodes.
    """

    def __init__(self, mechanisms, groups):
        layout = mechanisms.layout
        self.groups = [list(group) for group in groups]
        nodes = len(layout.nodes)
        seen = []
        for group in self.groups:
            parents = {int(p) for i in group for p in layout.parents[i]} - {nodes}
            seen.append([*group, *sorted(parents - set(group))])
        super().__init__(mechanisms, padded(seen, nodes))

    def _gap(self, network, critic, real, noise):
        columns, _ = self.mechanisms.propagate(network, noise)
        fake = tf.stop_gradient(take_blocks(columns, self.blocks))
        return tf.reduce_mean(critic(real) - critic(fake), axis=(1, 2)), fake

    def controller_loss(self, network, critic, real, noise):
        del real
        columns, logits = self.mechanisms.propagate(network, noise)
        if not self.mechanisms.hard:
            said = critic(take_blocks(columns, self.blocks))
            return -tf.reduce_sum(tf.reduce_mean(said, axis=(1, 2)))
        loss = 0.0
        for number, group in enumerate(self.groups):
            for place in group:
                said = self._after_each_state(network, critic, noise, number, place)
                chances = tf.nn.softmax(logits[:, place])
                values = tf.reduce_sum(chances * tf.stop_gradient(said), axis=-1)
                loss -= tf.reduce_mean(values)
        return loss

    def _after_each_state(self, network, critic, noise, number, place):
        """What a group's critic says when a node is set, (batch, states)."""
        layout = self.layout
        shape = (tf.shape(noise["own"])[1], len(layout.nodes), layout.width)
        mask = tf.one_hot(place, len(layout.nodes)) > 0
        said = []
        for state in range(layout.width + 1):
            if state >= layout.counts[place]:
                said.append(tf.zeros_like(said[0]))
                continue
            values = tf.broadcast_to(tf.one_hot(state - 1, layout.width), shape)
            columns, _ = self.mechanisms.propagate(network, noise, mask, values)
            blocks = take_blocks(columns, self.blocks)
            said.append(critic(blocks)[number, :, 0])
        return tf.stack(said, axis=-1)
