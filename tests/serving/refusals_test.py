"""What cannot be exported says why, and leaves nothing behind."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_gencs as gencs
from tests.generators import random_generator
from tests.serving.exports import model_of, random_a
from tf_gencs.recovery import Method, Program


class Eager(Method):
    def prepare(self, model, data):
        program = Program(self, data)
        program.traceable = False
        return program


def in_python(x):
    y = tf.py_function(lambda x: x * 2, [x], tf.float32)
    return tf.ensure_shape(tf.reshape(y, (-1, 36)), (None, 36))


@keras.saving.register_keras_serializable(package="tests")
class Dice(keras.layers.Layer):
    def call(self, z):
        return z + 1e-3 * tf.random.normal(tf.shape(z))


def dicing():
    z = keras.Input((4,))
    model = gencs.models.GenerativeModel(keras.Model(z, random_generator()(Dice()(z))))
    model.compile(solver=gencs.solvers.Adam(0.1, steps=2, restarts=1))
    return model


def scipy_operator():
    sparse = pytest.importorskip("scipy.sparse.linalg")
    return sparse.aslinearoperator(np.eye(20, 36, dtype="float32"))


@pytest.mark.parametrize(
    ("model", "A", "message"),
    [
        (lambda: model_of(Eager()), random_a, "`Eager` computes in Python"),
        (
            lambda: model_of(gencs.baselines.Lasso("pixel")),
            random_a,
            "`Lasso` computes in Python",
        ),
        (model_of, scipy_operator, r"computes in Python .* in `recover`"),
        (dicing, random_a, "draw random numbers by `tf.random.stateless"),
        (
            model_of,
            lambda: gencs.layers.FunctionMeasurement(in_python),
            "computes in Python",
        ),
    ],
)
def test_what_no_server_could_run_is_refused(tmp_path, model, A, message):
    with pytest.raises(ValueError, match=message):
        model().export_recovery(tmp_path / "none", A(), warmup=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": None}, "`seed` must be an integer"),
        ({"seed": -1}, "`seed` must be"),
        ({"warmup": "yes"}, "`warmup` must be"),
        ({"A_in_requests": 1}, "`A_in_requests` must be"),
        ({"max_batch_size": 0}, "`max_batch_size` must be"),
        ({"ops": "cuda"}, "`ops` must be one of"),
    ],
)
def test_a_wrong_argument_is_named(tmp_path, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        model_of().export_recovery(tmp_path / "none", random_a(), **arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.long
def test_a_version_is_never_overwritten_and_the_next_one_is_chosen(tmp_path):
    model, A = model_of(gencs.solvers.Adam(0.1, steps=1, restarts=1)), random_a()
    name = tmp_path / "digits"
    assert model.export_recovery(name / "7", A, warmup=False) == name / "7"
    before = sorted(path.stat().st_mtime_ns for path in name.rglob("*"))
    with pytest.raises(FileExistsError, match="`path` must not exist yet"):
        model.export_recovery(name / "7", A)
    assert sorted(path.stat().st_mtime_ns for path in name.rglob("*")) == before
    assert model.export_recovery(name, A, warmup=False) == name / "8"


@pytest.mark.parametrize(
    "wrong", ["m/0", "m/007", f"m/{2**63}", "/1", "gs://b/m", "", 3]
)
def test_a_place_that_no_server_looks_at_is_refused(tmp_path, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((TypeError, ValueError), match="`path` must"):
        model_of().export_recovery(wrong, random_a())
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "m" / "1"):
        with pytest.raises(OSError, match="`path` must be"):
            model_of().export_recovery(place, random_a(), warmup=False)


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.ResourceExhaustedError(None, None, "No space left on device"),
        OSError(28, "No space left on device"),
        KeyboardInterrupt(),
    ],
)
def test_nothing_half_written_is_left(tmp_path, monkeypatch, error):
    def fill(module, folder, signatures, options):
        open(f"{folder}/saved_model.pb", "w").close()
        assert not (tmp_path / "m" / "1").exists()
        raise error

    monkeypatch.setattr(tf.saved_model, "save", fill)
    system = not isinstance(error, KeyboardInterrupt)
    expected = (OSError, "`path` .*No space left") if system else (type(error), None)
    with pytest.raises(expected[0], match=expected[1]):
        model_of().export_recovery(tmp_path / "m" / "1", random_a(), warmup=False)
    assert not list((tmp_path / "m").iterdir())
