"""All lanes of a recovery in one graph."""

import concurrent.futures

import tensorflow as tf


class Engine:
    """Searches the latents of a batch of signals, every restart at once.

    A lane is one (signal, restart) pair; signal i's restarts are the lanes
    i * restarts ... (i + 1) * restarts - 1. The graph is traced once and serves every
    batch size: nothing in it depends on how many signals there are.

    Args:
        objective: `Objective` of the lanes.
        solver: `Solver` that moves them.
        measurement: the built `Measurement` of the objective.
        latent_dim: k.
        dtype: name of the dtype of y and z.

    Raises:
        ValueError: the objective cannot be differentiated, or its loss mixes lanes.
    """

    def __init__(self, objective, solver, measurement, latent_dim, dtype):
        self._objective = objective
        self._solver = solver
        self._latent_dim = latent_dim
        # One lane tells what is wrong with an objective, without a graph around it;
        # where signals have measurements of their own, one for each.
        lanes, m = measurement.signals or 1, measurement.measurements
        objective.value_and_gradient(
            tf.zeros((lanes, latent_dim), dtype), tf.zeros((lanes, m), dtype)
        )
        with tf.device("CPU:0"):
            self._stop = tf.Variable(False, trainable=False)
        self._graph = tf.function(self._search).get_concrete_function(
            tf.TensorSpec((None, m), dtype, name="y"),
            tf.TensorSpec((None, solver.restarts, latent_dim), dtype, name="starts"),
        )

    def search(self, y, starts):
        """Recovers a batch. Ctrl-C ends it within a step.

        Args:
            y: tensor (batch, m).
            starts: tensor (batch, restarts, k), where each restart begins.

        Returns:
            A dict with the tensors behind the array fields of `RecoveryResult`.
        """
        self._stop.assign(False)
        # TensorFlow runs a graph deaf to signals, so it runs beside this thread.
        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            found = beside.submit(self._graph, y, starts)
            try:
                # Waits in turns: a signal that another thread caught is heard between.
                while not concurrent.futures.wait([found], timeout=0.1).done:
                    pass
                return found.result()
            except KeyboardInterrupt:
                self._stop.assign(True)
                raise

    def _search(self, y, starts):
        solver = self._solver
        lanes_y = tf.repeat(y, solver.restarts, axis=0)
        z = tf.reshape(starts, (-1, self._latent_dim))

        def evaluate(z):
            return self._objective.value_and_gradient(z, lanes_y)

        def moving(state, steps):
            return tf.reduce_any(solver.running(state)) & ~self._stop

        def move(state, steps):
            steps += tf.cast(solver.running(state), tf.int32)
            return solver.step(state, evaluate), steps

        state, steps = tf.while_loop(
            moving,
            move,
            (solver.start(z, evaluate), tf.zeros(tf.shape(z)[:1], tf.int32)),
            maximum_iterations=solver.steps,
            parallel_iterations=1,
        )
        z = solver.best(state)
        x, value, error = self._objective(z, lanes_y)
        lanes = {
            "x": x,
            "z": z,
            "measurement_error": error,
            "objective": value,
            "steps": steps,
            "converged": solver.converged(state),
        }
        return self._best_restarts(lanes)

    def _best_restarts(self, lanes):
        """Keeps, of every signal, the restart with the smallest measurement error.

        The error and not the objective decides: the penalty prefers short z, the
        question is which start explains y (Bora et al. rank by the objective).
        """
        error = lanes["measurement_error"]
        infinity = tf.constant(float("inf"), error.dtype)
        error = tf.where(tf.math.is_finite(error), error, infinity)
        restart_errors = tf.reshape(error, (-1, self._solver.restarts))
        best = tf.argmin(restart_errors, axis=1, output_type=tf.int32)
        first = tf.range(tf.shape(best)[0]) * self._solver.restarts
        result = {name: tf.gather(lane, first + best) for name, lane in lanes.items()}
        return {**result, "restart_errors": restart_errors}
