"""Critics of one node each, which see its parents as the data have them."""

import numpy as np
import tensorflow as tf

from tf_gencs.causal.training.critics import Critics


class ForcedFamilies(Critics):
    """Nodes that learn P(node | parents) from real parents, each for itself.

    The network of a node and the data get the same parents, so that its critic sees
    nothing but the difference in the node. Where labels are hard, the expectation over
    the last choice, that of a state by its logits, is a sum over states: critics are
    asked at states alone, and the slope of the loss is exact.

    Args:
        mechanisms: `Mechanisms`.
        places: list of the nodes' places.
    """

    def __init__(self, mechanisms, places):
        layout, places = mechanisms.layout, list(places)
        own = np.array(places)[:, None]
        blocks = np.concatenate([own, layout.parents[places]], axis=1)
        super().__init__(mechanisms, blocks, free=layout.width)
        self._only = None if places == list(range(len(layout.nodes))) else places

    @property
    def inputs(self):
        return self.layout.width + self.layout.cause_inputs

    def real(self, rows):
        """The node and its causes, as critics see them, of labels."""
        width, blocks = self.layout.width, super().real(rows)
        causes = self.layout.causes(blocks[..., width:])
        return tf.concat([blocks[..., :width], causes], axis=-1)

    def _gap(self, network, critic, real, noise):
        fake, chances = self._fake(network, real, noise)
        fake = tf.stop_gradient(fake)
        if chances is None:
            gap = critic(real)[..., 0] - critic(fake)[..., 0]
        else:
            own = self.layout.all_states(real[..., : self.layout.width])
            values = self._at_states(critic, real)
            gap = tf.reduce_sum((own - tf.stop_gradient(chances)) * values, axis=-1)
        return tf.reduce_mean(gap, axis=-1), fake

    def controller_loss(self, network, critic, real, noise):
        fake, chances = self._fake(network, real, noise)
        if chances is None:
            values = critic(fake)[..., 0]
        else:
            states = tf.stop_gradient(self._at_states(critic, real))
            values = tf.reduce_sum(chances * states, axis=-1)
        return -tf.reduce_sum(tf.reduce_mean(values, axis=-1))

    def _fake(self, network, real, noise):
        """What critics see of the nodes made anew, and the chances of hard states."""
        width, causes = self.layout.width, real[..., self.layout.width :]
        columns = causes[..., : width * self.layout.parents.shape[1]]
        logits = self.mechanisms.logits(network, noise, columns, self._only)
        own = self.mechanisms.outputs(logits, noise, self._only)
        fake = tf.concat([own, causes], axis=-1)
        return fake, tf.nn.softmax(logits) if self.mechanisms.hard else None

    def _at_states(self, critic, real):
        """What critics say of every state of their node, (families, batch, states)."""
        width = self.layout.width
        causes = real[..., width:]
        values = []
        for state in range(width + 1):
            own = tf.broadcast_to(
                tf.one_hot(state - 1, width), tf.shape(real[..., :width])
            )
            values.append(critic(tf.concat([own, causes], axis=-1))[..., 0])
        return tf.stack(values, axis=-1)
