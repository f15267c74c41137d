"""Lanes side by side: all move until the last one has ended."""

from typing import NamedTuple

import tensorflow as tf

from tf_gencs import interruption
from tf_gencs.per_lane import known, known_or_unknown
from tf_gencs.recovery.result import Status

# Steps between two looks at the lanes. A look costs about as much as one step.
_LOOK = 5


class Ending(NamedTuple):
    """How lanes ended.

    Attributes:
        state: the solver's.
        steps: how many each took, int32 (lanes,).
        status: why each stopped, int32 (lanes,), see `Status`.
    """

    state: tuple
    steps: tf.Tensor
    status: tf.Tensor


class Race:
    """Moves the lanes of a batch, and drops those that are not worth moving.

    Every few steps it looks at all lanes and goes on with those that still run and are
    still in the race, packed densely: the work shrinks as lanes end.

    Args:
        solver: the `Solver`.
        misfit: `Misfit`, by which lanes of one signal are compared; None to keep all.
    """

    def __init__(self, solver, misfit):
        self._solver = solver
        self._misfit = misfit

    def run(self, lanes, z, enough, all_start=True, patience=1.0):
        """Moves lanes until the last one has ended.

        Args:
            lanes: `Objective`; the restarts of a signal are neighbours.
            z: the starts, (lanes, k).
            enough: the objective (lanes,) that noise alone explains: there lanes end.
            all_start: whether lanes start that are far behind before they move.
            patience: (lanes,) or a number, by which the solver's `progress` is divided.

        Returns:
            `Ending`.
        """
        solver = self._solver
        state = solver.start(z, lanes)
        count = tf.size(solver.value(state))
        everyone = tf.range(count)
        starting = self._in_race(state, everyone) | all_start
        progress = tf.fill([count], tf.constant(solver.progress, z.dtype)) / patience

        def going_on(looks, state, steps, status, index):
            more = (tf.size(index) > 0) & (looks * _LOOK < solver.steps)
            return more & ~tf.convert_to_tensor(interruption.requested())

        def go_on(looks, state, steps, status, index):
            before = tf.gather(solver.value(state), index)
            moved, taken = self._move(
                tf.nest.map_structure(lambda t: tf.gather(t, index), state),
                lanes.take(index),
                tf.minimum(_LOOK, solver.steps - looks * _LOOK),
            )
            state = tf.nest.map_structure(
                lambda whole, part: tf.tensor_scatter_nd_update(
                    whole, index[:, None], part
                ),
                state,
                moved,
            )
            steps = tf.tensor_scatter_nd_add(steps, index[:, None], taken)
            satisfied = solver.value(moved) <= tf.gather(enough, index)
            ended = self._ended(
                before, moved, self._in_race(state, index), tf.gather(progress, index)
            )
            ended = tf.where(satisfied, int(Status.EXPLAINED_BY_NOISE), ended)
            status = tf.tensor_scatter_nd_update(status, index[:, None], ended)
            stay = ended == Status.OUT_OF_STEPS
            return looks + 1, state, steps, status, tf.boolean_mask(index, stay)

        _, state, steps, status, _ = tf.while_loop(
            going_on,
            go_on,
            (
                tf.constant(0),
                state,
                tf.zeros([count], tf.int32),
                tf.fill([count], int(Status.OUT_OF_STEPS)),
                tf.boolean_mask(everyone, starting),
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
        failed = ~known(solver.value(state))
        status = tf.where(failed, int(Status.FAILED), status)
        return Ending(state, steps, status)

    def _move(self, state, lanes, count):
        """Moves some lanes by `count` steps: their state, and the steps of each."""
        solver = self._solver

        def moving(step, state, taken):
            more = (step < count) & tf.reduce_any(solver.running(state))
            return more & ~tf.convert_to_tensor(interruption.requested())

        def move(step, state, taken):
            taken += tf.cast(solver.running(state), tf.int32)
            return step + 1, solver.step(state, lanes), taken

        taken = tf.zeros(tf.shape(solver.value(state)), tf.int32)
        _, state, taken = tf.while_loop(
            moving, move, (tf.constant(0), state, taken), parallel_iterations=1
        )
        return state, taken

    def _ended(self, before, moved, in_race, progress):
        """Why lanes ended at objectives that were `before`; OUT_OF_STEPS: not yet."""
        solver = self._solver
        slow = ~in_race
        if solver.progress:
            gained = before - solver.value(moved)
            slow |= gained < progress * tf.abs(before)
        status = tf.where(slow, int(Status.GAINED_LITTLE), int(Status.OUT_OF_STEPS))
        status = tf.where(solver.running(moved), status, int(Status.FAILED))
        return tf.where(solver.converged(moved), int(Status.CONVERGED), status)

    def _in_race(self, state, index):
        """Which of the lanes `index` explain y nearly as well as their best one."""
        solver = self._solver
        if self._misfit is None:
            return tf.ones(tf.shape(index), tf.bool)
        value = known_or_unknown(solver.value(state))
        value = tf.reshape(value, (-1, solver.restarts))
        best = tf.reduce_min(value, axis=1, keepdims=True)
        bound = best + solver.margin * self._misfit.variance(best)
        return tf.gather(tf.reshape(value <= bound, [-1]), index)


def _any_count(shape):
    return tf.TensorShape([None, *shape[1:]])
