"""Every command: what it writes and says, and how it refuses."""

import io
import json
import shlex
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

import tf_gencs as gencs
from tests.serving.exports import SHAPE, random_a
from tf_gencs.commands.arguments import MEASUREMENTS
from tf_gencs.commands.program import COMMANDS, parser
from tf_gencs.models.presets import shipped

GAUSSIAN = ("--measurement", "gaussian", "--m", 16, "--seed", 0)
LBFGS = ("--solver", "lbfgs")


def test_every_example_of_help_is_a_line_that_is_understood():
    for name, module in COMMANDS.items():
        lines = module.EXAMPLES.replace("\\\n", " ").splitlines()
        assert lines
        for line in lines:
            words = shlex.split(line.rpartition("tf-gencs ")[2])
            words = words[: words.index(">")] if ">" in words else words
            assert parser().parse_args(words).command == name


def test_a_fresh_process_reads_its_line_before_tensorflow_is_there(pytestconfig):
    def run(*words):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "tf_gencs", *words],
            capture_output=True,
            text=True,
            cwd=pytestconfig.rootpath,
        )
        assert "tensorflow" not in done.stderr.partition("usage:")[0]
        assert time.perf_counter() - start < 20
        return done

    assert "recover-bulk" in run("--help").stdout
    model, A = ("--model", "mnist_vae"), ("--measurement", "identity")
    y, to = ("--y", "pyproject.toml"), ("--output", "x.npy")
    assert run("recover", *model).returncode == 2
    for words in (
        (*model, *A, "--y", "none.npy"),
        (*model, *A, "--measure", "none.npy"),
        (*model, "--A", "none.npy", *y),
        ("--model", "none.keras", *A, *y),
    ):
        done = run("recover", *words, *to)
        assert done.returncode == 2
        assert "Received: none." in done.stderr
    done = run("presets", "--json")
    assert done.returncode == 0
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert set(rows) == set(shipped.names())
    for name in ("mnist_vae", "causal_gan_face_avatars_64"):
        model = gencs.models.SignalModel.from_preset(name)
        assert rows[name]["latent_dim"] == model.latent_dim
        assert tuple(rows[name]["signal_shape"]) == model.signal_shape
        assert rows[name]["family"] == type(model).__name__


def test_names_on_the_line_are_those_of_measurements():
    for name in MEASUREMENTS.values():
        assert issubclass(getattr(gencs.layers, name), gencs.layers.Measurement)


def test_backend_says_what_runs(tf_gencs, monkeypatch):
    code, found, _ = tf_gencs("backend", "--json")
    assert code == 0
    assert found["backend"] == gencs.ops.backend()
    assert found["keras"] == keras.__version__
    assert set(found["extras"]) >= {"beam", "serving"}
    assert tf_gencs("backend")[1].startswith(gencs.ops.backend().encode())


@pytest.mark.long
def test_recover_writes_what_recover_finds(folder, tf_gencs, tmp_path):
    line = ("recover", "--model", folder / "model.keras", *GAUSSIAN, *LBFGS)
    to = tmp_path / "found.npz"
    code, told, _ = tf_gencs(*line, "--y", folder / "y.npy", "--output", to, "--json")
    assert code == 0
    found = np.load(to)
    model = keras.saving.load_model(folder / "model.keras")
    model.compile(solver="lbfgs")
    y = np.load(folder / "y.npy")
    expected = model.recover(y, random_a(), seed=0, verbose=0, return_result=True)
    np.testing.assert_array_equal(found["x"], expected.x)
    assert [row["signal"] for row in told["signals"]] == [0, 1, 2]
    errors = [row["measurement_error"] for row in told["signals"]]
    np.testing.assert_allclose(errors, expected.measurement_error)
    status = gencs.recovery.Status(int(expected.status[0])).name
    assert told["signals"][0]["status"] == status
    model.compile(solver="lbfgs", loss="l1")
    x = model.recover(y, random_a(), seed=0, verbose=0)
    to = tmp_path / "l1.npy"
    line = (*line, "--loss", "l1", "--y", folder / "y.npy", "--output", to)
    assert tf_gencs(*line)[0] == 0
    np.testing.assert_array_equal(np.load(to), x)
    # The same by a matrix, by the config of a layer, and to images.
    A = random_a()
    A.build((None, *SHAPE))
    np.save(tmp_path / "A.npy", A.to_dense())
    config = keras.saving.serialize_keras_object(random_a())
    (tmp_path / "A.json").write_text(json.dumps(config))
    for name in ("A.npy", "A.json"):
        to = tmp_path / f"{name}.npy"
        line = ("recover", "--model", folder / "model.keras", "--A", tmp_path / name)
        line += (*LBFGS, "--y", folder / "y.npy", "--output", to)
        assert tf_gencs(*line)[0] == 0
        np.testing.assert_allclose(np.load(to), expected.x, atol=1e-3)


@pytest.mark.long
def test_images_are_measured_on_the_spot_and_signals_are_images(
    folder, tf_gencs, tmp_path
):
    x = np.load(folder / "x.npy")
    model = gencs.models.GenerativeModel(
        keras.saving.load_model(folder / "model.keras").generator,
        value_range=(float(x.min()) - 1, float(x.max()) + 1),
    )
    model.save(tmp_path / "model.keras")
    gencs.images.save_images(tmp_path / "in", x, value_range=model.value_range)
    line = ("recover", "--model", tmp_path / "model.keras", *LBFGS)
    line += ("--measurement", "identity", "--measure", tmp_path / "in")
    code, told, _ = tf_gencs(*line, "--output", f"{tmp_path}/out/", "--json")
    assert code == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 3
    assert max(row["mse"] for row in told["signals"]) < 0.01
    code, _, said = tf_gencs(*line, "--output", f"{tmp_path}/out/")
    assert (code, "--overwrite" in said) == (2, True)
    large = np.zeros((12, 8, 3), "u1")
    gencs.images.save_png(tmp_path / "large.png", large)
    line = (*line[:-1], tmp_path / "large.png", "--output", tmp_path / "x.png")
    code, _, said = tf_gencs(*line)
    assert (code, "--resize" in said) == (2, True)
    code, _, said = tf_gencs(*line, "--resize")
    assert code == 0
    assert said.startswith("tf-gencs recover: warning: ")  # black is out of its range
    assert said.count("\n") == 1
    assert (tmp_path / "x.png").exists()


@pytest.mark.long
def test_numbers_may_come_and_go_by_the_standard_streams(folder, tf_gencs, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO((folder / "y.npy").read_bytes()))
    monkeypatch.setattr(sys, "stdin", stream)
    line = ("recover", "--model", folder / "model.keras", *GAUSSIAN, *LBFGS)
    code, out, said = tf_gencs(*line, "--y", "-", "--output", "-")
    assert code == 0
    assert np.load(io.BytesIO(out)).shape == (3, *SHAPE)
    assert said.startswith("signal 0, measurement_error ")


def test_sample_draws_signals(folder, tf_gencs, tmp_path):
    to = tmp_path / "x.npy"
    line = ("sample", "--model", folder / "model.keras", "-n", 5, "--seed", 1)
    assert tf_gencs(*line, "--output", to)[0] == 0
    expected = keras.saving.load_model(folder / "model.keras").generate(5, seed=1)
    np.testing.assert_array_equal(np.load(to), expected)
    code, _, said = tf_gencs(*line, "--output", to)
    assert (code, str(to) in said) == (2, True)
    assert tf_gencs(*line, "--output", to, "--overwrite")[0] == 0
    code, _, said = tf_gencs(*line, "--output", tmp_path / "2.npy", "--do", "Male=1")
    assert (code, "--do and --given go with causal models" in said) == (2, True)


@pytest.mark.long
def test_sample_of_a_causal_model_keeps_to_do_and_given(tf_gencs, tmp_path):
    line = ("sample", "--model", "causal_gan_face_avatars_64", "-n", 3, "--seed", 1)
    line += ("--do", "Mustache=1", "--output", tmp_path / "x.npz", "--json")
    code, told, _ = tf_gencs(*line)
    assert code == 0
    assert told["labels"]["Mustache"] == [1, 1, 1]
    found = np.load(tmp_path / "x.npz")
    assert found["x"].shape == (3, 64, 64, 3)
    assert found["label_Male"].shape == (3,)


@pytest.mark.slow
def test_export_and_check_go_together(folder, tf_gencs, tmp_path):
    line = ("export", "--model", folder / "model.keras", *GAUSSIAN)
    line += ("--solver", "adam", "--output", tmp_path / "tiny")
    code, out, _ = tf_gencs(*line)
    assert (code, out.decode().strip()) == (0, str(tmp_path / "tiny" / "1"))
    code, told, _ = tf_gencs("check", tmp_path / "tiny", "--json")
    assert (code, told["ok"]) == (0, True)
    y = tmp_path / "tiny/1/assets.extra/examples/measure/outputs/y.npy"
    np.save(y, np.load(y) + 1)
    code, out, _ = tf_gencs("check", tmp_path / "tiny" / "1")
    assert (code, b"NOT OK" in out) == (1, True)
    code, told, _ = tf_gencs("check", tmp_path / "tiny", "--timeout", 0.1, "--json")
    assert (code, "more than 0.1 seconds" in told["problems"][0]) == (1, True)


RECOVER = ("recover", "--model", "MODEL", *GAUSSIAN, "--y", "Y", "--output", "x.npy")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"MODEL": "no_preset"}, "`preset` must be one of"),
        ({"MODEL": "none.keras"}, "--model must be a file"),
        ({"Y": "none.npy"}, "--y must be a file"),
        ({"Y": "MODEL"}, "--y must be NumPy's"),
        ({16: 15}, r"`y` must have shape (batch, 15)"),
        ({"gaussian": "grayscale"}, "takes ['weights']"),
        ({"gaussian": "mask"}, "--measurement mask takes"),
        ({"x.npy": "x.txt"}, "--output must be .npy"),
        ({"gaussian": "nonsense"}, "invalid choice"),
    ],
)
def test_a_wrong_line_is_a_sentence_and_2(
    folder, tf_gencs, tmp_path, monkeypatch, change, message
):
    monkeypatch.chdir(tmp_path)
    line = [change.get(word, word) for word in RECOVER]
    places = {"MODEL": folder / "model.keras", "Y": folder / "y.npy"}
    code, _, said = tf_gencs(*(places.get(word, word) for word in line))
    assert code == 2
    assert message in said
    assert "Traceback" not in said
    assert said.count("\n") == 1 or "usage:" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.long
def test_work_that_fails_is_a_sentence_and_1(folder, tf_gencs, tmp_path, monkeypatch):
    (tmp_path / "file").touch()

    def full(*arguments, **others):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    line = ("sample", "--model", folder / "model.keras", "-n", 2)
    code, _, said = tf_gencs(*line, "--output", tmp_path / "x.npy")
    assert (code, "No space left" in said, "Traceback" in said) == (1, True, False)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (
        "Traceback" in tf_gencs("--traceback", *line, "--output", tmp_path / "x.npy")[2]
    )


@pytest.mark.long
def test_recover_bulk_says_what_is_missing(tf_gencs, tmp_path, exported):
    pytest.importorskip("apache_beam", reason="needs `pip install tf-gencs[beam]`")
    line = ("recover-bulk", "--model", exported.path, "--output", tmp_path / "x")
    code, _, said = tf_gencs(*line, "--input", tmp_path / "none-*")
    assert (code, "`input` must name files" in said) == (2, True)
    np.save(tmp_path / "y.npy", np.zeros((2, 9), "float32"))
    code, _, said = tf_gencs(*line, "--input", tmp_path / "y.npy")
    assert (code, "the export takes 16 numbers a row" in said) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["y.npy"]
