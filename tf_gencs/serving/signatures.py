"""What an export answers: each signature as a function of named tensors."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from tf_gencs.per_lane import all_finite
from tf_gencs.recovery import ONLY, Status, sizes
from tf_gencs.serving.requests import SEED, Requests
from tf_gencs.serving.stored import read

# Of what a program may say, what a request is answered with.
ANSWERS = ("x", "z", "measurement_error", "status", "steps", "std")


class Signature(NamedTuple):
    """What a request may ask for.

    Attributes:
        function: of a dict of tensors (batch, ...), that gives another.
        inputs: dict from names to their specs.
        example: function(count, seed) that gives a request and its answer, found in
            Python: two dicts of arrays (count, ...); None where nobody knows.

    Example:

    ```python
    signature = model.served_signatures()["generate"]
    signature.function({"z": tf.zeros([3, 20])})["x"]  # (3, 28, 28, 1)
    request, answer = signature.example(3, 0)  # what an export is checked by
    ```
    """

    function: Callable
    inputs: dict
    example: Callable | None = None


class Recovery:
    """The signatures of a program and one A.

    What a signal gets depends on its y and its seed (and its A, where it brings one),
    not on the batch it came with: what all signals of a call share follows from a seed
    that the export holds. Rows of y that cannot be computed with are answered by NaN
    and `Status.FAILED`, for an error would fail the requests of others.

    Args:
        program: the `Program`.
        values: dict from names of data terms to tuples of variables: those of A.
        derived, shared: nests of variables, what the program makes of them.
        seed: what `shared` was made from.
    """

    def __init__(self, program, values, derived, shared, seed):
        self._program, self._data = program, program.data
        self._values, self._derived, self._shared = values, derived, shared
        self._seed = seed
        self.requests = Requests(program.data)
        # One function, however many signatures call it: it is most of the graph. Built
        # here, for what it captures must not be a tensor of one of them.
        self._answer = self._traced_answer()

    def _traced_answer(self):
        zeros = {
            name: tf.zeros((1, *spec.shape[1:]), spec.dtype)
            for name, spec in self.requests.y.items()
        }
        observed = self._data.observe(zeros, read(self._values))
        any_count = lambda t: tf.TensorSpec([None, *t.shape[1:]], t.dtype)  # noqa: E731
        graph = tf.function(self._found, autograph=False)
        return graph.get_concrete_function(
            tf.nest.map_structure(any_count, observed),
            tf.TensorSpec([None], tf.int64),
            _specs(self._derived),
            _specs(self._shared),
        )

    def _found(self, observed, seeds, derived, shared):
        own = self._program.draw(observed, seeds, derived)
        found = self._program.answer(observed, own, shared, derived)
        return {name: found[name] for name in ANSWERS if name in found}

    @property
    def travelling(self):
        """Whether each signal brings its A, also to `recover`."""
        return self._data.travelling

    @staticmethod
    def signal_name(term):
        """By which name `adjoint` gives the signals of a data term."""
        return "x" if term == ONLY else term

    def recover(self):
        """y and seeds to signals; each brings its values of A if A is its own."""
        needs = {**self.requests.y, **self.requests.seeds}
        if not self._data.travelling:
            return Signature(self._recover, needs)
        return Signature(self._recover, {**needs, **self.requests.values(self._values)})

    def recover_with(self):
        """As `recover`, but each signal brings an A of the structure: one by one."""
        needs = {**self.requests.y, **self.requests.seeds}
        needs |= self.requests.values(self._values)
        return Signature(self._recover_each, needs)

    def measure(self, signal_shape):
        """Signals to what each term measures; each brings its A if it is its own."""
        x = tf.TensorSpec([None, *signal_shape], self._data.dtype, "x")
        return Signature(self._measure, {"x": x, **self._own_values()})

    def adjoint(self):
        """Measurements of linear terms back to signals; None if there is no such."""
        linear = {
            name: tf.TensorSpec(
                [None, term.measurement.measurements], self._data.dtype, name
            )
            for name, term in self._data.terms.items()
            if term.measurement.linear
        }
        if not linear:
            return None
        return Signature(self._adjoint, {**linear, **self._own_values()})

    def _own_values(self):
        return self.requests.values(self._values) if self._data.travelling else {}

    def _values_for(self, inputs):
        if self._data.travelling:
            return self.requests.values_of(inputs)
        return read(self._values)

    def _recover(self, inputs):
        inputs, count = _at_least_one(inputs)
        observed, fine = self._observe(inputs, self._values_for(inputs))
        if self._data.travelling:
            fine &= self._finite(inputs)
        found = self._answer(
            observed, inputs[SEED], read(self._derived), read(self._shared)
        )
        return _kept(found, fine, count)

    def _recover_each(self, inputs):
        inputs, count = _at_least_one(inputs)

        def one(part):
            values = self.requests.values_of(part)
            observed, fine = self._observe(
                {name: part[name][None] for name in self.requests.y}, values
            )
            derived = self._program.derive(values)
            shared = self._program.share(tf.constant(self._seed, tf.int64), derived)
            found = self._answer(observed, part[SEED][None], derived, shared)
            fine &= self._finite({name: value[None] for name, value in part.items()})
            return {name: t[0] for name, t in _kept(found, fine, 1).items()}

        specs = {
            name: tf.TensorSpec(s.shape[1:], s.dtype) for name, s in inputs.items()
        }
        found = tf.function(one, autograph=False).get_concrete_function(specs)
        each = tf.map_fn(
            found, inputs, fn_output_signature=_specs(found.structured_outputs)
        )
        return {name: t[:count] for name, t in each.items()}

    def _observe(self, inputs, values):
        """What signals brought, and which of them can be computed with."""
        y = self.requests.y_of(inputs)
        fine = tf.reduce_all([sizes.computable(part) for part in y.values()], axis=0)
        y = {name: tf.where(fine[:, None], part, 0) for name, part in y.items()}
        return self._data.observe(y, values), fine

    def _finite(self, inputs):
        """Whether the values of A that came with each signal are, (batch,)."""
        rows = tf.ones_like(inputs[SEED], tf.bool)
        for value in tf.nest.flatten(self.requests.values_of(inputs)):
            if value.dtype.is_floating:
                rows &= all_finite(value)
        return rows

    def _measure(self, inputs):
        values = self._values_for(inputs)
        measured = {}
        for name, term in self._data.terms.items():
            with term.measurement.lend(values[name]) as measurement:
                measured[name] = tf.cast(measurement(inputs["x"]), self._data.dtype)
        return measured

    def _adjoint(self, inputs):
        values, found = self._values_for(inputs), {}
        for name, term in self._data.terms.items():
            if term.measurement.linear:
                with term.measurement.lend(values[name]) as measurement:
                    x = measurement.adjoint(inputs[name])
                found[self.signal_name(name)] = tf.cast(x, self._data.dtype)
        return found


def _at_least_one(inputs):
    """The inputs with a row of zeros if they have none, and how many rows they had."""
    count = tf.shape(inputs[SEED])[0]
    checked = [
        tf.debugging.assert_equal(
            tf.shape(part)[0], count, f"`{name}` must have as many rows as `{SEED}`."
        )
        for name, part in inputs.items()
        if name != SEED
    ]
    with tf.control_dependencies([each for each in checked if each is not None]):
        count = tf.identity(count)
        missing = tf.maximum(1 - count, 0)
        padded = {
            name: tf.pad(part, [[0, missing]] + [[0, 0]] * (part.shape.rank - 1))
            for name, part in inputs.items()
        }
    return padded, count


def _kept(found, fine, count):
    """The answers of rows that are no padding; NaN where a row was not `fine`."""
    told = {}
    for name, part in found.items():
        rows = tf.reshape(fine, [-1] + [1] * (part.shape.rank - 1))
        if name == "status":
            part = tf.where(rows, part, int(Status.FAILED))
        elif part.dtype.is_floating:
            part = tf.where(rows, part, float("nan"))
        told[name] = part[:count]
    return told


def _specs(nest):
    return tf.nest.map_structure(lambda t: tf.TensorSpec(t.shape, t.dtype), nest)
