"""Requests that an export holds, and the answers that the model gave in Python.

They lie in `assets.extra/examples/NAME/`, one folder a request: `signature.txt`,
`inputs/*.npy`, `outputs/*.npy`, and `may_differ.txt`, which names the outputs that need
not be alike. Whoever loads the export, in whatever language, can
ask the same and compare.
"""

import pathlib
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_gencs import seeds
from tf_gencs.serving.requests import SEED
from tf_gencs.serving.signatures import ANSWERS

FOLDER = pathlib.PurePath("assets.extra", "examples")

_COUNT = 3

# Answers that may differ: how long searches took, and how near to 0 they came.
MAY_DIFFER = ("measurement_error", "status", "std", "steps", "z")


class Example(NamedTuple):
    """A request and its answer.

    Attributes:
        name: of the folder it is kept in.
        signature: which is asked.
        inputs, outputs: dicts from names to arrays.
    """

    name: str
    signature: str
    inputs: dict
    outputs: dict

    @property
    def size(self):
        """Bytes of a request."""
        return sum(array.nbytes for array in self.inputs.values())

    def first(self, name):
        """The same request of its first signal alone."""
        inputs = {key: array[:1] for key, array in self.inputs.items()}
        outputs = {key: array[:1] for key, array in self.outputs.items()}
        return Example(name, self.signature, inputs, outputs)


def write(folder, examples):
    """Writes `Example`s into the folder of an export."""
    for example in examples:
        place = folder / FOLDER / example.name
        place.mkdir(parents=True)
        (place / "signature.txt").write_text(f"{example.signature}\n")
        free = [name for name in MAY_DIFFER if name in example.outputs]
        (place / "may_differ.txt").write_text("".join(f"{name}\n" for name in free))
        for kind in ("inputs", "outputs"):
            (place / kind).mkdir()
            for name, array in getattr(example, kind).items():
                np.save(place / kind / f"{name}.npy", array, allow_pickle=False)


def of_recovery(recovery, runner, values, x, seed):
    """Examples of the signatures of a `Recovery`, answered in Python.

    Args:
        recovery: the `Recovery`.
        runner: the `Runner` that answers.
        values: dict from names of data terms to tuples of tensors: those of A.
        x: signals to measure, (count, *signal_shape).
        seed: what the export was made with.

    Returns:
        A list of `Example`s; where several signals are asked for, another one of the
        first of them alone.
    """
    data, requests = runner.program.data, recovery.requests
    x = tf.cast(x, data.dtype)
    values = _for_count(data, values, len(x))
    measured, back = {}, {}
    for name, term in data.terms.items():
        with term.measurement.lend(values[name]) as measurement:
            measured[name] = tf.cast(measurement(x), data.dtype)
            if measurement.linear:
                back[name] = measurement.adjoint(measured[name])
    y = {name: measured[name] for name in requests.y}
    own_seeds = tf.constant(seeds.of_signals(seed, len(x)))
    derived = runner.derive(values)
    observed = data.observe(y, values)
    own = runner.draw(observed, own_seeds, derived)
    found = runner.run(observed, own, runner.share(seed, derived), derived)
    found = {name: found[name] for name in ANSWERS if name in found}
    brought = requests.named(values) if data.travelling else {}
    asked = {**y, SEED: own_seeds, **brought}
    recover = _example("recover", "recover", asked, found)
    several = {name: part[None] for name, part in requests.named(values).items()}
    each = {**{name: part[:1] for name, part in asked.items()}, **several}
    first = {name: part[:1] for name, part in found.items()}
    measure = _example("measure", "measure", {"x": x, **brought}, measured)
    given = {name: measured[name] for name in back}
    back = {recovery.signal_name(name): part for name, part in back.items()}
    return [
        recover.first("recover_one"),
        recover,
        _example("recover_with", "recover_with", each, first),
        measure,
        _example("adjoint", "adjoint", {**given, **brought}, back),
    ]


def of_signature(name, signature, seed):
    """The example of a signature that knows one itself."""
    return _example(name, name, *signature.example(_COUNT, seed))


def signals(shape, value_range, seed):
    """Any signals in their range, where no generator makes some."""
    low, high = value_range or (0.0, 1.0)
    stream = seeds.stream(seed, "example signals")
    return tf.random.stateless_uniform((_COUNT, *shape), stream, low, high).numpy()


def _for_count(data, values, count):
    """Values of which those that travel are for so many signals."""
    found = {}
    for name, parts in values.items():
        travelling = data.terms[name].measurement.travelling
        found[name] = tuple(
            tf.gather(part, tf.range(count) % len(part)) if travels else part
            for part, travels in zip(parts, travelling, strict=True)
        )
    return found


def _example(name, signature, inputs, outputs):
    arrays = (
        {key: np.ascontiguousarray(part) for key, part in parts.items()}
        for parts in (inputs, outputs)
    )
    return Example(name, signature, *arrays)
