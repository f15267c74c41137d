"""What `export_recovery` writes, and how it answers."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

import tf_gencs as gencs
from tests.generators import random_generator
from tests.serving.exports import ROUNDING, SHAPE, ask, load, model_of, random_a, seeds

pytestmark = pytest.mark.long  # each export is traced for seconds


def alike(got, expected, atol=ROUNDING):
    np.testing.assert_allclose(got, expected, atol=atol)


def test_answers_as_recover_does(exported):
    model, A, path = exported
    x = model.generate(4, seed=3)
    y = np.asarray(A(x))
    found = ask(path, y=y, seed=seeds(4))
    alike(found["x"], model.recover(y, A, seed=0, verbose=0))
    assert set(found) == {"x", "z", "measurement_error", "status", "steps"}
    result = model.recover(y, A, seed=0, verbose=0, return_result=True)
    alike(found["measurement_error"], result.measurement_error)
    assert found["status"].tolist() == result.status.tolist()
    alike(ask(path, "generate", z=found["z"])["x"], found["x"])
    alike(ask(path, "measure", x=x)["y"], y)
    alike(ask(path, "adjoint", y=y)["x"], A.adjoint(y))


def test_a_signal_does_not_feel_its_neighbours(tmp_path, rng):
    """Starts that y does not decide, so that the seed does."""
    model = model_of(gencs.solvers.Adam(0.1, steps=15, restarts=2))
    A = random_a(m=3)
    path = model.export_recovery(tmp_path / "few", A, warmup=False)
    y = np.asarray(A(model.generate(5, seed=4)))
    batch = ask(path, y=y, seed=seeds(5))
    for row in range(5):
        alone = ask(path, y=y[row : row + 1], seed=seeds(5)[row : row + 1])
        alike(alone["x"][0], batch["x"][row], 1e-5)
    others = np.concatenate([rng.normal(size=(3, 3)), np.zeros((4, 3))])
    padded = np.concatenate([others, y]).astype("float32")
    moved = ask(path, y=padded, seed=np.concatenate([seeds(7), seeds(5)]))
    alike(moved["x"][7:], batch["x"], 1e-5)
    other_seed = ask(path, y=y, seed=seeds(5) + 100)
    assert np.abs(other_seed["x"] - batch["x"]).max() > 1e-2


def test_rows_that_cannot_be_computed_with_are_answered_by_nan(exported):
    model, A, path = exported
    y = np.asarray(A(model.generate(4, seed=5))).copy()
    good = ask(path, y=y, seed=seeds(4))
    y[0, 3], y[1, 0], y[2] = np.nan, np.inf, 1e30
    found = ask(path, y=y, seed=seeds(4))
    assert np.isnan(found["x"][:3]).all()
    assert np.isnan(found["measurement_error"][:3]).all()
    assert (found["status"][:3] == gencs.recovery.Status.FAILED).all()
    alike(found["x"][3], good["x"][3])
    matrices = np.stack([A.to_dense()] * 2)
    matrices[0, 2, 5] = np.nan
    found = ask(path, "recover_with", y=y[[3, 3]], seed=seeds(2), A_matrix=matrices)
    assert np.isnan(found["x"][0]).all()
    assert not np.isnan(found["x"][1]).any()


@pytest.mark.parametrize("count", [0, 2, 5])
def test_every_signal_brings_a_seed(exported, count):
    with pytest.raises(tf.errors.InvalidArgumentError, match="as many rows as `seed`"):
        ask(exported.path, y=np.zeros((3, 16), "float32"), seed=seeds(count))


def test_an_empty_batch_has_an_empty_answer(exported):
    for signature, brought in (
        ("recover", {}),
        ("recover_with", {"A_matrix": np.zeros((0, 16, 36), "float32")}),
    ):
        y = np.zeros((0, 16), "float32")
        found = ask(exported.path, signature, y=y, seed=seeds(0), **brought)
        assert found["x"].shape == (0, *SHAPE)
        assert found["z"].shape == (0, 4)


def test_a_request_may_bring_another_matrix_with_each_signal(exported):
    model, _, path = exported
    x = model.generate(2, seed=6)
    measured = [random_a(seed) for seed in (11, 12)]
    y = np.concatenate([A(x[i : i + 1]) for i, A in enumerate(measured)])
    matrices = np.stack([A.to_dense() for A in measured])
    found = ask(path, "recover_with", y=y, seed=seeds(2), A_matrix=matrices)
    for i, A in enumerate(measured):
        alike(found["x"][i], model.recover(y, A, seed=0, verbose=0)[i])


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda s: gencs.layers.MaskMeasurement(keep=0.6, seed=s), "A_rows"),
        pytest.param(
            lambda s: gencs.layers.HadamardMeasurement(20, seed=s),
            "A_signs",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_request_may_bring_rows_and_signs(tmp_path, make, name):
    model = model_of()
    path = model.export_recovery(tmp_path / "brought", make(0), warmup=False)
    A = make(9)
    y = np.asarray(A(model.generate(1, seed=7)))
    names = [f"A_{own}" for own in A.value_names]
    assert name in names
    brought = {
        own: value.numpy()[None] for own, value in zip(names, A.values, strict=True)
    }
    found = ask(path, "recover_with", y=y, seed=seeds(1), **brought)
    alike(found["x"], model.recover(y, A, seed=0, verbose=0))


def test_measurements_of_each_signals_own_come_with_the_request(tmp_path):
    model = model_of()
    path = model.export_recovery(
        tmp_path / "own", gencs.layers.MaskMeasurement(keep=0.6, signals=2, seed=0)
    )
    A = gencs.layers.MaskMeasurement(keep=0.6, signals=5, seed=1)
    x = model.generate(5, seed=8)
    y = np.asarray(A(x))
    (rows,) = A.values
    found = ask(path, y=y, seed=seeds(5), A_rows=rows.numpy())
    alike(found["x"], model.recover(y, A, seed=0, verbose=0))
    alike(ask(path, "measure", x=x, A_rows=rows.numpy())["y"], y)
    assert "recover_with" not in load(path).signatures


def test_of_a_mixture_inputs_go_by_the_names_of_its_terms(tmp_path):
    model = model_of(
        loss={"low": "sse", "high": "sse", "bright": gencs.losses.Maximize()},
        loss_weights={"bright": 0.01},
    )
    A = {
        "low": random_a(0, 8),
        "high": random_a(1, 9),
        "bright": lambda x: tf.reduce_mean(x, (1, 2)),
    }
    path = model.export_recovery(tmp_path / "mixture", A, warmup=False)
    x = model.generate(3, seed=9)
    y = {name: np.asarray(A[name](x)) for name in ("low", "high")}
    found = ask(path, **y, seed=seeds(3))
    expected = model.recover({**y, "bright": None}, A, seed=0, verbose=0)
    alike(found["x"], expected)
    assert set(ask(path, "adjoint", **y)) == {"low", "high"}
    with pytest.raises(ValueError, match=r"`A` must name .* Received: 'a b'"):
        model_of().export_recovery(tmp_path / "other", {"a b": A["low"]})


def test_a_box_that_is_not_linear_has_no_adjoint(tmp_path):
    model = model_of(latent_penalty=0.0)
    A = gencs.layers.MagnitudeMeasurement(random_a(0, 30))
    path = model.export_recovery(tmp_path / "magnitudes", A, warmup=False)
    assert "adjoint" not in load(path).signatures
    y = np.asarray(A(model.generate(2, seed=1)))
    found = ask(path, y=y, seed=seeds(2))
    alike(found["x"], model.recover(y, A, seed=0, verbose=0))


@pytest.mark.slow
def test_matrices_of_a_basis_and_sizes_of_deviations_are_beside_the_graph(tmp_path):
    shape = (12, 12, 1)
    model = gencs.models.GenerativeModel(random_generator(signal_shape=shape))
    search = gencs.solvers.Adam(0.1, steps=2, restarts=1)
    scale = np.linspace(0.1, 0.2, 144).reshape(shape)
    solver = gencs.solvers.GaussianDeviation(search, "dct", scale=scale)
    model.compile(solver=solver)
    A = random_a()
    path = model.export_recovery(tmp_path / "waves", A, A_in_requests=False)
    y = np.asarray(A(model.generate(2, seed=1)))
    alike(ask(path, y=y, seed=seeds(2))["x"], model.recover(y, A, seed=0, verbose=0))
    content = (path / "saved_model.pb").read_bytes()
    (graph,) = saved_model_pb2.SavedModel.FromString(content).meta_graphs
    largest = max(
        node.attr["value"].tensor.ByteSize()
        for function in graph.graph_def.library.function
        for node in function.node_def
        if node.op == "Const"
    )
    assert largest < 144 * 4


@pytest.mark.slow
def test_the_graph_of_a_huge_matrix_by_a_seed_is_small(tmp_path):
    generator = random_generator(3, (64, 64, 3))
    model = gencs.models.GenerativeModel(generator)  # and the default solver
    A = gencs.layers.GaussianMeasurement(10000, storage="seed", seed=0)
    path = model.export_recovery(tmp_path / "huge", A, warmup=False)
    assert (path / "saved_model.pb").stat().st_size < 2**20


def test_matrices_and_weights_are_beside_the_graph_and_seeds_do_for_a_matrix(tmp_path):
    sizes = {}
    for m, storage in ((16, "dense"), (30, "dense"), (30, "seed")):
        A = gencs.layers.GaussianMeasurement(m, storage=storage, seed=0)
        path = model_of().export_recovery(tmp_path / f"{storage}_{m}", A, warmup=False)
        variables = path / "variables" / "variables.data-00000-of-00001"
        sizes[m, storage] = (
            (path / "saved_model.pb").stat().st_size,
            variables.stat().st_size,
        )
    assert abs(sizes[16, "dense"][0] - sizes[30, "dense"][0]) < 2000
    assert sizes[30, "dense"][1] - sizes[30, "seed"][1] > 30 * 36 * 4 * 0.9
    assert max(graph for graph, _ in sizes.values()) < 2**20
