"""All lanes of a recovery in one graph."""

import concurrent.futures

import tensorflow as tf

from tf_gencs.recovery import estimate as estimates


class Engine:
    """Searches the latents of a batch of signals, every restart at once.

    A lane is one (signal, restart) pair; signal i's restarts are the lanes
    i * restarts ... (i + 1) * restarts - 1. Every few steps the engine looks at all
    lanes and goes on with those that still run and are still in the race, packed
    densely: the work shrinks as lanes end. The graphs are traced once and serve every
    batch size: nothing in them depends on how many signals there are.

    Args:
        objective: `Objective` of the lanes.
        solver: `Solver` that moves them.
        estimate: "best" or "mean", see `tf_gencs.recovery.estimate`.
        latent_dim: k.
        noise: standard deviation of the noise in each measurement, or None. A lane
            whose objective explains y to within the noise, m * noise^2, is done.

    Raises:
        ValueError: the objective cannot be differentiated, or its loss mixes lanes.
    """

    # Steps between two looks at the lanes. A look costs about as much as one step.
    _LOOK = 5

    def __init__(self, objective, solver, estimate, latent_dim, noise=None):
        self.solver = solver
        self.objective = objective
        self._estimate = estimate
        self._latent_dim = latent_dim
        # A lane is done where noise explains all that is left; a chain never is.
        self._enough = -float("inf")
        compares = len(objective.measured) == len(objective.terms)
        if noise is not None and compares and not solver.sampling:
            self._enough = objective.measurements * noise**2
        # Where a term compares with nothing, J is no likelihood to race by.
        self._margin = solver.margin if compares else None
        self._check(objective, latent_dim)
        self._whitening = solver.whitening(objective)
        self._searched = objective
        if self._whitening is not None:
            self._searched = objective.whitened(self._whitening)
            solver.search.check(self._searched)
            self._enough = -float("inf")  # noise has another size there
        self._misfit = estimates.Misfit(self._searched, latent_dim)
        with tf.device("CPU:0"):
            self._stop = tf.Variable(False, trainable=False)
        dtype = objective.dtype
        latents = tf.TensorSpec((None, latent_dim), dtype, name="probes")
        own = None if solver.probes else solver.restarts
        starts = tf.TensorSpec((None, own, latent_dim), dtype, name="starts")
        y = {
            name: tf.TensorSpec((None, term.measurement.measurements), dtype)
            for name, term in objective.measured.items()
        }
        measured = {
            name: tf.TensorSpec((None, term.measurement.measurements), dtype)
            for name, term in objective.terms.items()
        }
        self._probe = tf.function(self._measure_probes).get_concrete_function(latents)
        self._graph = tf.function(self._search).get_concrete_function(
            y, starts, latents, measured
        )

    def probe(self, z):
        """What the measurements say of G(z): dict from names to (probes, m)."""
        return self._probe(z)

    def search(self, y, starts, probes, measured):
        """Recovers a batch. Ctrl-C ends it within a step.

        Args:
            y: dict from names to tensors (batch, m).
            starts: tensor (batch, starts, k), each signal's own. If the solver probes
                they compete with the probes; else they are the `restarts` starts.
            probes: tensor (probes, k), candidates of all signals.
            measured: what `probe` says of them.

        Returns:
            A dict with the tensors behind the array fields of `RecoveryResult`.
        """
        self._stop.assign(False)
        # TensorFlow runs a graph deaf to signals, so it runs beside this thread.
        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            found = beside.submit(self._graph, y, starts, probes, measured)
            try:
                # Waits in turns: a signal that another thread caught is heard between.
                while not concurrent.futures.wait([found], timeout=0.1).done:
                    pass
                return found.result()
            except KeyboardInterrupt:
                self._stop.assign(True)
                raise

    def _check(self, objective, latent_dim):
        """Lets a few lanes tell what is wrong, without a graph around them."""
        count = objective.signals or 1
        y = {
            name: tf.zeros((count, term.measurement.measurements), objective.dtype)
            for name, term in objective.measured.items()
        }
        z = tf.zeros((count, latent_dim), objective.dtype)
        objective.lanes(y).value_and_gradient(z)
        self.solver.check(objective)

    def _measure_probes(self, z):
        return self._searched.measure(self._searched.generate(z))

    def _search(self, y, starts, probes, measured):
        solver, objective = self.solver, self._searched
        y_searched = self._whitened(y)
        if solver.probes:
            starts = self._most_promising(starts, y_searched, probes, measured)
        signals = tf.shape(starts)[0]
        of_signal = tf.repeat(tf.range(signals), solver.restarts)
        lanes = objective.lanes(y_searched).take(of_signal)
        z = tf.reshape(starts, (-1, self._latent_dim))
        state, steps, satisfied = self._race(solver.start(z, lanes), lanes)

        z, value = solver.best(state), _finite_or_infinite(solver.value(state))
        value = tf.reshape(value, (-1, solver.restarts))
        penalty = tf.reshape(objective.weighted_penalty(z), (-1, solver.restarts))
        best, x = estimates.combine(
            self._estimate, objective, z, value, penalty, self._misfit
        )
        z = tf.gather(z, best)
        lanes = self.objective.lanes(y)
        x, samples = solver.finish(z, x, lanes), {}
        draws = solver.draws(state)
        if draws is not None:
            x, samples = estimates.of_draws(objective, draws, solver.restarts)
        return {
            **samples,
            "x": x,
            "z": z,
            "measurement_error": lanes.measurement_error(x),
            "objective": tf.gather(tf.reshape(value, [-1]), best),
            "steps": tf.gather(steps, best),
            "converged": tf.gather(solver.converged(state) | satisfied, best),
            "restart_errors": value - penalty,
        }

    def _whitened(self, y):
        if self._whitening is None:
            return y
        white = tf.constant(self._whitening.T, self.objective.dtype)
        return {name: tf.matmul(value, white) for name, value in y.items()}

    def _most_promising(self, starts, y, probes, measured):
        """The starts and probes that explain each signal best: (batch, restarts, k)."""
        objective, restarts = self._searched, self.solver.restarts
        signals, own = tf.unstack(tf.shape(starts)[:2])
        lanes = objective.lanes(y).take(tf.repeat(tf.range(signals), own))
        own_values = lanes.value(tf.reshape(starts, (-1, self._latent_dim)))
        values = objective.losses_of_pairs(y, measured)
        values += objective.weighted_penalty(probes)
        values = tf.concat([tf.reshape(own_values, (signals, own)), values], axis=1)
        _, index = tf.math.top_k(-_finite_or_infinite(values), restarts)
        padding = tf.zeros((signals, 1, self._latent_dim), starts.dtype)
        padded = tf.concat([starts, padding], axis=1)  # there may be no own start
        return tf.where(
            (index < own)[:, :, None],
            tf.gather(padded, tf.minimum(index, own), batch_dims=1),
            tf.gather(probes, tf.maximum(index - own, 0)),
        )

    def _race(self, state, lanes):
        """Moves all lanes until the last one has ended.

        Returns:
            The state, steps of each lane (lanes,), and which lanes ended because
            nothing but noise was left, bool (lanes,).
        """
        solver = self.solver

        def going_on(looks, state, steps, satisfied, index):
            return (tf.size(index) > 0) & (looks * self._LOOK < solver.steps)

        def go_on(looks, state, steps, satisfied, index):
            before = tf.gather(solver.value(state), index)
            moved, taken = self._move(
                tf.nest.map_structure(lambda t: tf.gather(t, index), state),
                lanes.take(index),
                tf.minimum(self._LOOK, solver.steps - looks * self._LOOK),
            )
            state = tf.nest.map_structure(
                lambda whole, part: tf.tensor_scatter_nd_update(
                    whole, index[:, None], part
                ),
                state,
                moved,
            )
            steps = tf.tensor_scatter_nd_add(steps, index[:, None], taken)
            after = solver.value(moved)
            enough = after <= self._enough
            satisfied = tf.tensor_scatter_nd_update(satisfied, index[:, None], enough)
            stay = solver.running(moved) & ~enough & self._in_race(state, index)
            if solver.progress:
                stay &= ~(before - after < solver.progress * tf.abs(before))
            if self.objective.signals is not None:
                # Signals with measurements of their own stay together.
                stay = tf.fill(tf.shape(stay), tf.reduce_any(stay))
            return looks + 1, state, steps, satisfied, tf.boolean_mask(index, stay)

        value = solver.value(state)
        count = tf.size(value)
        _, state, steps, satisfied, _ = tf.while_loop(
            lambda *loop: going_on(*loop) & ~self._stop,
            go_on,
            (
                tf.constant(0),
                state,
                tf.zeros([count], tf.int32),
                tf.zeros([count], tf.bool),
                tf.range(count),
            ),
            shape_invariants=(
                tf.TensorShape([]),
                tf.nest.map_structure(lambda t: _any_count(t.shape), state),
                tf.TensorShape([None]),
                tf.TensorShape([None]),
                tf.TensorShape([None]),
            ),
            parallel_iterations=1,
        )
        return state, steps, satisfied

    def _move(self, state, lanes, count):
        """Moves some lanes by `count` steps: their state, and the steps of each."""
        solver = self.solver

        def moving(step, state, taken):
            return (step < count) & tf.reduce_any(solver.running(state)) & ~self._stop

        def move(step, state, taken):
            taken += tf.cast(solver.running(state), tf.int32)
            return step + 1, solver.step(state, lanes), taken

        taken = tf.zeros(tf.shape(solver.value(state)), tf.int32)
        _, state, taken = tf.while_loop(
            moving, move, (tf.constant(0), state, taken), parallel_iterations=1
        )
        return state, taken

    def _in_race(self, state, index):
        """Which of the lanes `index` explain y nearly as well as their best one."""
        if self._margin is None:
            return tf.ones(tf.shape(index), tf.bool)
        value = _finite_or_infinite(self.solver.value(state))
        value = tf.reshape(value, (-1, self.solver.restarts))
        best = tf.reduce_min(value, axis=1, keepdims=True)
        bound = best + self._margin * self._misfit.variance(best)
        return tf.gather(tf.reshape(value <= bound, [-1]), index)


def _finite_or_infinite(value):
    infinity = tf.constant(float("inf"), value.dtype)
    return tf.where(tf.math.is_finite(value), value, infinity)


def _any_count(shape):
    return tf.TensorShape([None, *shape[1:]])
