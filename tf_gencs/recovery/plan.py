"""What `compile` says about recovery."""

import collections

import keras

from tf_gencs import layers, losses, solvers
from tf_gencs.recovery import latent_penalty as latent_penalties
from tf_gencs.recovery.engine import Engine
from tf_gencs.recovery.objective import Objective


class RecoveryPlan:
    """How a model recovers: solver, loss and latent penalty, checked.

    Args:
        solver: see `tf_gencs.solvers.get`.
        loss: see `tf_gencs.losses.get`.
        latent_penalty: "auto" or a number of at least 0.
    """

    # Traced graphs to keep. A sweep over many measurements must not hold them all.
    _MOST_ENGINES = 4

    def __init__(self, solver="auto", loss="sse", latent_penalty="auto"):
        self.solver = solvers.get(solver)
        self.loss = losses.get(loss)
        self.latent_penalty = latent_penalties.check(latent_penalty)
        self._engines = collections.OrderedDict()
        self._identity = None

    def identity(self, model):
        """The measurement that sees everything, one object for all inversions.

        They then share one traced graph, like recoveries with the same measurement.
        """
        if self._identity is None:
            self._identity = layers.IdentityMeasurement(dtype=model.recovery_dtype)
        return self._identity

    def engine(self, model, measurement):
        """The engine for a model and a built measurement, traced if it is new."""
        penalty = latent_penalties.resolve(
            self.latent_penalty,
            model.representation_error,
            measurement.signal_size,
            model.latent_dim,
            measurement.measurements,
        )
        key = (measurement, model.generator, model.latent_prior, penalty)
        if key not in self._engines:
            objective = Objective(
                model.generator,
                measurement,
                self.loss,
                model.latent_prior,
                penalty,
                model.recovery_dtype,
            )
            self._engines[key] = Engine(
                objective,
                self.solver,
                measurement,
                model.latent_dim,
                model.recovery_dtype,
            )
        self._engines.move_to_end(key)
        while len(self._engines) > self._MOST_ENGINES:
            self._engines.popitem(last=False)
        return self._engines[key]

    def get_config(self):
        return {
            "solver": keras.saving.serialize_keras_object(self.solver),
            "loss": keras.saving.serialize_keras_object(self.loss),
            "latent_penalty": self.latent_penalty,
        }
