"""The search of latents as a program: starts, race, estimate."""

import math

import keras
import numpy as np
import tensorflow as tf

from tf_gencs import checks
from tf_gencs.method import Program
from tf_gencs.per_lane import known, known_or_unknown, unknown
from tf_gencs.recovery import latent_penalty
from tf_gencs.recovery.problem import NoWeighing, Objective, Weighing, pairs
from tf_gencs.recovery.search import estimate, starts
from tf_gencs.recovery.search.belief import Beliefs
from tf_gencs.recovery.search.evenness import even_measurements
from tf_gencs.recovery.search.misfit import Misfit
from tf_gencs.recovery.search.race import Race
from tf_gencs.recovery.search.rounds import Found, in_rounds
from tf_gencs.recovery.search.slices import in_slices

# How much less progress lets a search go on that explains all by G.
_PATIENCE = 10.0

# Signals at which the gain of a measurement that is not linear is looked at.
_GAIN_POINTS = 4


class LatentSearch(Program):
    """Searches the latents of a batch of signals, every restart at once.

    A lane is one (signal, restart) pair; signal i's restarts are the lanes
    i * restarts ... (i + 1) * restarts - 1. Nothing in the graph depends on how many
    signals there are.

    Args:
        model: what has the generator, its latent prior and an encoder, perhaps.
        data: `DataTerms`.
        solver: the `Solver` that moves the lanes.

    Raises:
        ValueError: the objective cannot be differentiated, its loss mixes lanes, or the
            solver cannot work on it.

    Example:

    ```python
    class Short(gencs.recovery.Method):
        def prepare(self, model, data):
            solver = gencs.solvers.LBFGS(steps=20, restarts=2)
            return gencs.recovery.LatentSearch(model, data, solver)

    model.compile(solver=Short())
    x_hat = model.recover(y, A, seed=0)
    ```
    """

    def __init__(self, model, data, solver):
        super().__init__(solver, data)
        self.latent_dim = model.latent_dim
        self._encoder = model.encoder
        self._weight = data.settings.latent_penalty
        estimate_ = data.settings.estimate
        self._estimate = "best" if estimate_ == "auto" else estimate_
        weighs = data.weigh is not None and solver.weighable
        self._searched = Weighing(data, data.weigh) if weighs else NoWeighing(data)
        self.objective = Objective(
            model.generator, model.latent_prior, 0.0, self._searched.data
        )
        solver.check(self.objective)
        self._check()
        # A lane is done where noise explains all that is left; a chain never is, and
        # weighed residuals have noise of another size.
        self._enough = -unknown(data.dtype)
        (term, *others) = data.terms.values()
        self._adaptive = (
            data.settings.adaptive
            and self._weight == "auto"
            and data.facts.representation_error > 0
            and not others
            and not data.travelling
            and term.is_squared_error
            and term.weight == 1
        )
        told = data.noise is not None and data.compares
        if told and not solver.sampling and not weighs:
            self._enough = data.measurements * data.noise**2
        self._lane_bytes = self._bytes_of_lane(model.signal_shape)
        self.bytes_per_signal = solver.restarts * self._lane_bytes

    def derive(self, values):
        norm = self.method.needs_norm
        plain = self.data.derive(values, norm)
        if not self.data.linear:
            shape = (_GAIN_POINTS, self.latent_dim)
            z = self.objective.prior.sample(shape, 0, "gain", self.data.dtype)
            x = self.objective.generate(z)
            plain = self.data.derive_gains(plain, values, x)
        derived = {
            "plain": plain,
            "searched": self._searched.derive(values, plain, norm),
        }
        if self._adaptive and self.data.linear:
            bound = NoWeighing(self.data).bind_candidates(plain)
            derived["even"] = even_measurements(bound)
        return derived

    def bind(self, y, values):
        return self.data.bind(y, values["plain"])

    def share(self, seed, values):
        prior, solver, data = self.objective.prior, self.method, self.data
        probes = starts.probes_of(prior, solver, self.latent_dim, seed, data.dtype)
        if not solver.probes:
            return {"probes": probes}
        bound = self._searched.bind_candidates(values["searched"])
        seen = in_slices(
            lambda z: pairs.see(bound, self.objective.generate(z)),
            probes,
            self._lane_bytes,
        )
        return {"probes": probes, "seen": seen}

    def draw(self, y, seeds, values, start=None):
        data, prior = self.bind(y, values), self.objective.prior
        guesses = [] if start is None else [start]
        if self.method.probes:
            guesses += starts.encoded(self._encoder, data, data.facts.value_range)
        return {
            "starts": starts.own_starts(
                prior, self.method, self.latent_dim, seeds, guesses, data.dtype
            )
        }

    def check_start(self, start, count):
        if start is None:
            return None
        k = self.latent_dim
        start = checks.float_array(start, "z", (k,), dtype=self.data.dtype)
        if len(start) != count:
            raise ValueError(
                f"`z` must have shape ({count}, {k}), a start for each signal of `y`. "
                f"Received: {start.shape}"
            )
        return start

    def __call__(self, y, own, shared, values):
        data = self.bind(y, values)
        signals = self.objective.over(self._searched.bind(y, values["searched"]))
        if self._adaptive:
            variances = self._searched.variances(data, values["searched"])
            even = values.get("even", data.measurements)
            beliefs = Beliefs(data, self.latent_dim, even, *variances)
            found, belief, said = self._search_in_rounds(beliefs, signals, own, shared)
        else:
            belief = None
            signals = signals.penalised(self._penalty(data))
            begin = self._begin(signals, own, shared)
            found, said = self._search(signals, begin, data.expected_variance)
        expected = (
            data.expected_variance if belief is None else belief.variance[:, None]
        )
        misfit = Misfit(data, self.latent_dim, expected)
        x, best = estimate.combine(self._estimate, self.objective, found, misfit)
        of_best = tf.nest.map_structure(
            lambda t: tf.gather(t, best, batch_dims=1), found
        )
        return {
            "x": x,
            "z": of_best.z,
            "objective": of_best.value,
            "steps": of_best.steps,
            "status": of_best.status,
            "restart_errors": found.value - found.penalty,
            **said,
        }

    def _begin(self, signals, own, shared):
        """Where the lanes of signals start, (batch, restarts, k)."""
        if not self.method.probes:
            return own["starts"]
        return starts.most_promising(
            signals,
            own["starts"],
            shared["probes"],
            shared["seen"],
            self.method.restarts,
        )

    def _search(self, signals, begin, expected, all_start=True, patience=1.0):
        """One race of all restarts of signals.

        Args:
            signals: `Objective`, bound to signals.
            begin: (batch, restarts, k).
            expected: see `Misfit`.
            all_start: see `Race`.
            patience: the same, of signals.

        Returns:
            `Found`, and a dict with what a sampler has to say beside it.
        """
        solver, data, restarts = self.method, signals.data, self.method.restarts
        lanes = signals.take(tf.repeat(tf.range(data.lanes), restarts))
        # Where a term compares with nothing, the objective is no likelihood to race by.
        compares = data.compares and solver.margin is not None
        misfit = Misfit(data, self.latent_dim, expected) if compares else None
        enough = tf.fill([data.lanes * restarts], tf.constant(self._enough, data.dtype))
        patience = tf.cast(patience + tf.zeros([data.lanes]), data.dtype)
        end = Race(solver, misfit).run(
            lanes,
            tf.reshape(begin, (-1, self.latent_dim)),
            enough,
            all_start,
            tf.repeat(patience, restarts),
        )
        z, value = solver.best(end.state), known_or_unknown(solver.value(end.state))
        penalty = lanes.weighted_penalty(z)
        penalty = tf.where(known(value), penalty, 0)  # lost lanes have none
        said, draws = {}, solver.draws(end.state)
        if draws is not None:
            said = estimate.of_draws(lanes, draws, restarts)
        flat = (value, penalty, end.steps, end.status)
        value, penalty, steps, status = (tf.reshape(t, (-1, restarts)) for t in flat)
        z = tf.reshape(z, (-1, restarts, self.latent_dim))
        return Found(z, value, penalty, steps, status), said

    def _search_in_rounds(self, beliefs, signals, own, shared):
        """Races, and again where the residual changed what is believed of a signal."""
        (seen,) = shared["seen"].values()
        spread = tf.reduce_mean(tf.math.reduce_variance(seen, axis=0))
        belief = beliefs.first(signals.data.lanes, spread)

        def search(begin, belief, index, all_start):
            part = signals.take(index).penalised(beliefs.penalty(belief))
            # What lies in G's range can be found exactly: that is worth many steps.
            patience = tf.where(belief.exact, _PATIENCE, 1.0)
            variance = belief.variance[:, None]
            return self._search(part, begin, variance, all_start, patience)[0]

        begin = self._begin(signals.penalised(beliefs.penalty(belief)), own, shared)
        found, belief = in_rounds(search, begin, beliefs, belief)
        return found, belief, {"noise": beliefs.noise_of_y(found.residual)}

    def _penalty(self, data):
        """The weight of the prior's penalty: a number, or a tensor ()."""
        return latent_penalty.resolve(
            self._weight,
            data.facts.representation_error,
            data.signal_size,
            self.latent_dim,
            data.measurements,
            data.noise,
            data.gain,
        )

    def _check(self):
        """Lets one lane tell what is wrong, without a graph around it."""
        data = self.data
        zeros = {
            name: tf.zeros((1, term.measurement.measurements), data.dtype)
            for name, term in data.measured.items()
        }
        values = data.values()
        observed = data.observe(zeros, values)
        observed = tf.nest.map_structure(lambda t: t[:1], observed)
        bound = data.bind(observed, data.derive(values))
        z = tf.zeros((1, self.latent_dim), data.dtype)
        self.objective.over(bound).value_and_gradient(z)

    def _bytes_of_lane(self, signal_shape):
        """What a search keeps of one lane while it runs."""
        activations = 0
        for layer in getattr(self.objective.generator, "layers", []):
            for output in keras.tree.flatten(getattr(layer, "output", ())):
                activations += math.prod(size or 1 for size in output.shape[1:])
        # Nested and subclassed networks do not show their layers: the floor is for
        # them.
        n, m = math.prod(signal_shape), self.data.measurements
        activations = max(activations, 16 * n)
        # Values, their gradients and what an op needs while it runs.
        values = 3 * (activations + m)
        values += self.method.state_size(self.latent_dim, m, n)
        return values * np.dtype(self.data.dtype).itemsize
