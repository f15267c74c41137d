"""What `compile` says about recovery."""

import collections
import math

import keras
import numpy as np

from tf_gencs import checks, layers, losses, solvers
from tf_gencs.recovery import latent_penalty as latent_penalties
from tf_gencs.recovery.automatic import automatic_solver
from tf_gencs.recovery.engine import Engine
from tf_gencs.recovery.objective import Objective, Term

# The name of the only data term where there is no mixture of them.
ONLY = "y"


class RecoveryPlan:
    """How a model recovers: solver, losses, latent penalty and estimate, checked.

    Args:
        solver: "auto", or see `tf_gencs.solvers.get`.
        loss: see `tf_gencs.losses.get`; or a dict of them by the names of a mixture.
        loss_weights: None, or a dict from names of the mixture to numbers.
        latent_penalty: "auto" or a number of at least 0.
        estimate: "best", "mean", or "auto": "mean" where the solver is "auto".
        noise: standard deviation of the noise in each measurement, or None.
    """

    # Traced graphs to keep. A sweep over many measurements must not hold them all.
    _MOST_ENGINES = 4

    def __init__(
        self,
        solver="auto",
        loss="sse",
        loss_weights=None,
        latent_penalty="auto",
        estimate="auto",
        noise=None,
    ):
        auto = isinstance(solver, str) and solver == "auto"
        self.solver = solver if auto else solvers.get(solver)
        self.loss, self.loss_weights = _check_losses(loss, loss_weights)
        self.latent_penalty = latent_penalties.check(latent_penalty)
        if not isinstance(estimate, str) or estimate not in ("auto", "best", "mean"):
            raise ValueError(
                f"`estimate` must be 'auto', 'best' or 'mean'. Received: {estimate!r}"
            )
        self.estimate = estimate
        self.noise = noise
        if noise is not None:
            # Its square enters objectives in float32.
            self.noise = checks.number(noise, "noise", at_least=0, below=1e18)
        self._engines = collections.OrderedDict()
        self._identity = None

    def identity(self, model):
        """The measurement that sees everything, one object for all inversions.

        They then share one traced graph, like recoveries with the same measurement.
        """
        if self._identity is None:
            self._identity = layers.IdentityMeasurement(dtype=model.recovery_dtype)
        return self._identity

    def engine(self, model, measurements):
        """The engine for a model and built measurements, traced if it is new.

        An inversion asks for z, so its answer is a G(z) and nothing beside it.

        Args:
            model: the `GenerativeModel`.
            measurements: dict from names of data terms to `Measurement`s.
        """
        terms = self.terms(measurements)
        error = latent_penalties.known_error(
            model.representation_error, model.value_range
        )
        penalty = latent_penalties.resolve(
            self.latent_penalty,
            error,
            math.prod(model.signal_shape),
            model.latent_dim,
            sum(term.measurement.measurements for term in terms.values()),
            self.noise,
        )
        key = (
            *measurements.items(),
            model.generator,
            model.latent_prior,
            model.value_range,
            repr(model.deviation_basis),
            np.asarray(model.deviation_scale, "float64").tobytes(),
            error,
            penalty,
        )
        if key not in self._engines:
            objective = Objective(
                model.generator,
                terms,
                model.latent_prior,
                penalty,
                model.recovery_dtype,
                model.value_range,
                error,
                self.noise,
            )
            solver, estimate = self._resolve(model, objective)
            if self._identity in measurements.values():
                solver, estimate = solver.search, "best"
            self._engines[key] = Engine(
                objective, solver, estimate, model.latent_dim, self.noise
            )
        self._engines.move_to_end(key)
        while len(self._engines) > self._MOST_ENGINES:
            self._engines.popitem(last=False)
        return self._engines[key]

    def _resolve(self, model, objective):
        if self.solver != "auto":
            return self.solver, "best" if self.estimate == "auto" else self.estimate
        solver = automatic_solver(model, objective)
        if self.estimate != "auto":
            return solver, self.estimate
        # Where a term compares with nothing, there is no posterior to average over.
        compares = len(objective.measured) == len(objective.terms)
        return solver, "mean" if compares else "best"

    def terms(self, measurements):
        """Data terms by name, from what was compiled and what is measured.

        Raises:
            ValueError: names that do not fit those of the compiled losses or weights.
        """
        unknown = set(self.loss_weights) - set(measurements)
        if unknown:
            raise ValueError(
                f"`A` must name every data term of `loss_weights`, {_names(unknown)} "
                f"too. Received: {_names(measurements)}"
            )
        shared = self.loss.get(None)
        if shared is None and set(self.loss) != set(measurements):
            raise ValueError(
                f"`A` must name the data terms {_names(self.loss)} that `compile` got "
                f"losses for. Received: {_names(measurements)}"
            )
        return {
            name: Term(
                measurement,
                self.loss.get(name, shared),
                self.loss_weights.get(name, 1.0),
            )
            for name, measurement in measurements.items()
        }

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        losses_ = {name: serialize(loss) for name, loss in self.loss.items()}
        return {
            "solver": self.solver if self.solver == "auto" else serialize(self.solver),
            "loss": losses_.get(None, losses_),
            "loss_weights": self.loss_weights or None,
            "latent_penalty": self.latent_penalty,
            "estimate": self.estimate,
            "noise": self.noise,
        }


def _names(terms):
    return sorted(map(str, terms))


def _check_losses(loss, weights):
    """Losses and weights as dicts; a loss that serves every term has the name None."""
    mixture = isinstance(loss, dict) and "class_name" not in loss
    if mixture and not all(isinstance(name, str) for name in loss):
        raise ValueError(
            f"`loss` must name its data terms by strings. Received: {_names(loss)}"
        )
    if mixture and not loss:
        raise ValueError("`loss` must name at least one data term. Received: {}")
    by_name = loss if mixture else {None: loss}
    found = {name: losses.get(value) for name, value in by_name.items()}
    if weights is None:
        return found, {}
    if not isinstance(weights, dict) or (mixture and set(weights) - set(found)):
        raise ValueError(
            "`loss_weights` must be None or a dict from names of data terms to "
            f"numbers. Received: {weights!r} for losses {_names(found)}"
        )
    return found, {
        name: checks.number(weight, f"loss_weights[{name!r}]")
        for name, weight in weights.items()
    }
