"""Every family exports, and causal models answer `sample` under do and given."""

import numpy as np
import pytest

import tf_gencs as gencs
from tests.models.causal_models import tiny
from tests.serving.exports import ask, load, random_a, seeds

pytestmark = pytest.mark.long  # each export is traced for seconds

SOLVER = gencs.solvers.Adam(0.1, steps=2, restarts=1)

FAMILIES = {
    "vae": lambda: gencs.models.VAE(3, hidden=(6,), signal_shape=(8, 8, 1)),
    "dcgan": lambda: gencs.models.DCGAN((8, 8, 1), 3, 4),
    "began": lambda: gencs.models.BEGAN((14, 14, 1), 3, 4),
}


@pytest.mark.filterwarnings("ignore:`x` explains less")  # in 2 steps
@pytest.mark.parametrize(
    "family",
    [
        "vae",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("dcgan", "began")),
    ],
)
def test_families_export(tmp_path, family):
    model = FAMILIES[family]()
    model.compile(solver=SOLVER)
    path = model.export_recovery(tmp_path / family, random_a(), A_in_requests=False)
    x = model.generate(2, seed=1)
    A = random_a()
    y = np.asarray(A(x))
    found = ask(path, y=y, seed=seeds(2))
    expected = model.recover(y, A, seed=0, verbose=0)
    np.testing.assert_allclose(found["x"], expected, atol=1e-4)


@pytest.fixture(scope="module")
def causal(tmp_path_factory):
    model = tiny("causal_gan")
    model.compile(solver=SOLVER)
    path = tmp_path_factory.mktemp("causal") / "faces" / "1"
    model.export_recovery(path, random_a(), A_in_requests=False)
    return model, path


def sample(path, n, do=(-1, -1), given=(-1, -1), first=0):
    return ask(
        path,
        "sample",
        seed=np.arange(first, first + n),
        do=np.tile(np.array(do, "int32"), (n, 1)),
        given=np.tile(np.array(given, "int32"), (n, 1)),
    )


def test_samples_follow_the_controller_under_do_and_given(causal):
    model, path = causal
    assert model.controller.graph.nodes == ("Male", "Mustache")
    n = 400
    for do, given in (
        ({}, {}),
        ({"Mustache": 1}, {}),
        ({}, {"Mustache": 1}),
        ({"Male": 0}, {"Mustache": 1}),
    ):
        rows = [
            [asked.get(name, -1) for name in ("Male", "Mustache")]
            for asked in (do, given)
        ]
        found = sample(path, n, *rows)
        assert found["accepted"].all()
        theirs = model.controller.sample(4000, do, given, seed=1)
        for place, name in enumerate(("Male", "Mustache")):
            expected = theirs[name].mean()
            spread = np.sqrt(0.25 / n + 0.25 / 4000)
            assert abs(found["labels"][:, place].mean() - expected) < 4 * spread


def test_a_sample_is_its_seeds_alone_and_shows_its_labels(causal):
    _, path = causal
    found = sample(path, 5)
    alone = sample(path, 1, first=3)
    np.testing.assert_array_equal(alone["labels"][0], found["labels"][3])
    np.testing.assert_allclose(alone["x"][0], found["x"][3], atol=1e-5)
    done = sample(path, 5, do=(-1, 1))
    np.testing.assert_array_equal(done["labels"][:, 0], found["labels"][:, 0])
    assert (done["labels"][:, 1] == 1).all()
    same = (done["labels"] == found["labels"]).all(axis=1)
    apart = np.abs(done["x"] - found["x"]).max(axis=(1, 2, 3))
    assert (apart[same] < 1e-5).all()
    assert (apart[~same] > 1e-4).all()


def test_what_cannot_be_is_not_accepted(causal):
    _, path = causal
    for do, given in (((1, -1), (0, -1)), ((2, -1), (-1, -1))):
        found = sample(path, 2, do, given)
        assert not found["accepted"].any()
        assert np.isnan(found["x"]).all()
        assert (found["labels"] == -1).all()
    assert "sample" in load(path).signatures
