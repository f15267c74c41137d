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
                said = self._said_of_states(network, critic, noise, number, place)
                chances = tf.nn.softmax(logits[:, place])
                values = tf.reduce_sum(chances * tf.stop_gradient(said), axis=-1)
                loss -= tf.reduce_mean(values)
        return loss

    def _said_of_states(self, network, critic, noise, number, place):
        """What a group's critic says of each state of a node, (batch, states).

        The noise stays what it is, so that what differs is due to the state alone.
        """
        states, count = self.layout.width + 1, self.layout.counts[place]
        said = [
            self._said_under(network, critic, noise, number, place, state)
            for state in range(count)
        ]
        # States that only other nodes have: their chance is 0, whatever stands here.
        said += [tf.zeros_like(said[0])] * (states - count)
        return tf.stack(said, axis=-1)

    def _said_under(self, network, critic, noise, number, place, state):
        """What a group's critic says under do(node = state), (batch,)."""
        nodes, width = len(self.layout.nodes), self.layout.width
        shape = (tf.shape(noise["own"])[1], nodes, width)
        done = tf.broadcast_to(tf.one_hot(state - 1, width), shape)  # all 0 is state 0
        mask = tf.one_hot(place, nodes) > 0
        columns, _ = self.mechanisms.propagate(network, noise, mask, done)
        return critic(take_blocks(columns, self.blocks))[number, :, 0]
