"""The two optimizers of a GAN as one, which is what Keras's callbacks ask for."""


class OptimizerPair:
    """What `model.optimizer` is where there are two.

    Callbacks find both in `optimizers`, or, before Keras 3.15, set `learning_rate`.

    Args:
        pairs: of an optimizer and the network it trains, the discriminator's first.
    """

    def __init__(self, pairs):
        self._pairs = pairs

    @property
    def optimizers(self):
        return [optimizer for optimizer, _ in self._pairs]

    @property
    def built(self):
        return all(optimizer.built for optimizer in self.optimizers)

    @property
    def iterations(self):
        return self.optimizers[0].iterations

    @property
    def use_ema(self):
        """False: `compile(ema=...)` averages the generator, and no callback need."""
        return False

    @property
    def learning_rate(self):
        """That of the discriminator; the generator's follows in proportion."""
        return self.optimizers[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, rate):
        before = float(self.learning_rate)
        factor = rate / before if before else 1.0
        for optimizer in self.optimizers:
            optimizer.learning_rate = float(optimizer.learning_rate) * factor
        self.optimizers[0].learning_rate = rate

    def build(self, variables=None):
        """Makes the state of both, whatever variables are named."""
        for optimizer, network in self._pairs:
            if not optimizer.built:
                optimizer.build(network.trainable_variables)
