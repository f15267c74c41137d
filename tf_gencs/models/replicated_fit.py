"""Keras's `fit` and `evaluate` where several replicas train, and what they refuse."""

import numpy as np
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.models.replicas import gathered

_STRATEGIES = (
    tf.distribute.MirroredStrategy,
    tf.distribute.MultiWorkerMirroredStrategy,
    tf.distribute.OneDeviceStrategy,
)


class FitsOnReplicas:
    """Mixin of Keras models whose steps are those of `tf_gencs.models.replicas`.

    Under a strategy, weights and losses are those of one device with the same batches.
    """

    def fit(self, x=None, y=None, batch_size=None, *args, **kwargs):
        self._check_strategy(batch_size)
        return super().fit(x, y, batch_size, *args, **kwargs)

    def evaluate(self, x=None, y=None, batch_size=None, *args, **kwargs):
        self._check_strategy(batch_size)
        return super().evaluate(x, y, batch_size, *args, **kwargs)

    def train_on_batch(self, *args, **kwargs):
        self._check_shared_out("train_on_batch")
        return super().train_on_batch(*args, **kwargs)

    def test_on_batch(self, *args, **kwargs):
        self._check_shared_out("test_on_batch")
        return super().test_on_batch(*args, **kwargs)

    def _check_strategy(self, batch_size):
        """Raises ValueError where replicas could not do what one device does."""
        strategy = self.distribute_strategy
        count = strategy.num_replicas_in_sync
        if not tf.distribute.has_strategy() and self._distribute_strategy is None:
            return
        if not isinstance(strategy, _STRATEGIES):
            raise ValueError(
                "`strategy` must be a `MirroredStrategy` or a "
                "`MultiWorkerMirroredStrategy` of `tf.distribute`, whose replicas work "
                f"out each batch together. Received: {type(strategy).__name__}"
            )
        if self._distribute_strategy is not strategy:
            raise ValueError(
                "`strategy` must be the one that the model was made or loaded under: "
                "do so within `strategy.scope()`, and call `fit` after it. "
                f"Received: {type(strategy).__name__}"
            )
        if batch_size is not None:
            batch_size = checks.integer(batch_size, "batch_size")
            if batch_size < count:
                raise ValueError(
                    f"`batch_size` must be at least {count}, the number of replicas, "
                    f"among which batches are shared out. Received: {batch_size}"
                )

        if _in_company(strategy):
            self._check_alike()

    def _check_alike(self):
        """Raises ValueError where processes hold other weights, or draw from others."""
        sums = [
            np.sum(np.abs(weight), dtype="float64") for weight in self.get_weights()
        ]
        own = tf.constant([getattr(self, "seed", 0), *sums], tf.float64)
        strategy = self.distribute_strategy
        together = tf.function(lambda: strategy.run(gathered, (own,)), autograph=False)
        found = together()
        found = strategy.experimental_local_results(found)[0].numpy()
        if not np.array_equal(found, found[:1].repeat(len(found), 0), equal_nan=True):
            raise ValueError(
                "The model must be the same in all processes: give it a `seed`, and "
                "load the same file on all machines. "
                f"Received: seeds {found[:, 0].astype(int).tolist()}, weights whose "
                f"absolute values add up to {found[:, 1:].sum(axis=1).tolist()}"
            )

    def _check_shared_out(self, method):
        count = self.distribute_strategy.num_replicas_in_sync
        if count > 1:
            raise ValueError(
                f"`{method}` is not possible with {count} replicas, of which Keras "
                "gives each the whole batch: `fit` shares batches out."
            )

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # Keras adds the parts of a batch up, to see its shapes: they may differ.
        strategy = self._distribute_strategy
        if strategy is not None and data_batch is None:
            for _, _, batches in iterator:
                data_batch = tf.nest.map_structure(
                    lambda part: strategy.experimental_local_results(part)[0],
                    next(batches),
                )
                break
        super()._maybe_symbolic_build(data_batch=data_batch)

    def _make_function(self, step_function):
        if _in_company(self.distribute_strategy):
            return super()._make_function(_as_vectors(step_function))
        return super()._make_function(step_function)


def _in_company(strategy):
    """Whether other processes train beside this one."""
    cluster = getattr(strategy, "cluster_resolver", None)
    workers = cluster.cluster_spec().as_dict() if cluster else {}
    return sum(map(len, workers.values())) > 1


def _as_vectors(step):
    """A step whose metrics are vectors of one number, over which Keras takes a mean."""
    return lambda data: tf.nest.map_structure(lambda each: each[None], step(data))
