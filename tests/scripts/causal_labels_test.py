"""The script of causal labels at sizes of seconds: what must be right, and wrong."""

import importlib
import sys

import numpy as np
import pytest


@pytest.fixture
def script(script):
    yield script("causal_labels")
    for name in [
        n for n in sys.modules if n.split(".")[0] in ("causal", "causal_labels")
    ]:
        del sys.modules[name]


SMALL = ["--seeds", "0", "--rows", "50000", "--samples", "50000", "--study", "0"]


@pytest.mark.slow
def test_prints_figures_beside_bars_and_counting(script, capsys):
    script.main([*SMALL, "--networks", "cancer", "--controls", "0", "--steps", "200"])
    rows = [row for row in capsys.readouterr().out.splitlines() if " ok " in row]
    assert [row[:5] for row in rows] == ["joint", "worst", "worst"]
    for row in rows:
        counted = float(row.split()[-1])
        assert counted < 0.05


@pytest.mark.slow
def test_what_is_wrong_misses_its_bars(script):
    judge, truths = importlib.import_module("causal.judge"), script.truth
    controls = importlib.import_module("causal.controls")
    options = script.parse([*SMALL, "--steps", "400"])
    earthquake = truths("earthquake")
    model = script.train(earthquake.graph, earthquake.states, earthquake, options)
    gap = controls.conditioning_in_place_of_intervening(
        model, earthquake, "MaryCalls", 10_000
    )
    assert gap > 0.4
    options = script.parse([*SMALL, "--steps", "150"])
    faces = truths("faces")

    def trained(graph, states, scm):
        return script.train(graph, states, scm, options)

    edges = controls.reversed_edge(trained, faces, 50_000)
    assert max(distance for distance, _ in edges.values()) < 0.03
    assert edges["male_causes_mustache"][1] < 0.03
    assert edges["mustache_causes_male"][1] > 0.2
    independent = script.gencs.causal.DiscreteSCM.by_counting(
        faces.sample(20_000, seed=0), controls.independent_graph(faces)
    )
    untrained = script.gencs.causal.CausalController(faces.graph, seed=0)
    for wrong in (independent, untrained):
        figures = judge.judge(wrong, faces, script.BARS["faces"], 20_000, 50_000)
        assert all(f.distance > f.bar for f in figures if f.bar is not None)


@pytest.mark.long
def test_exact_models_meet_all_bars(script):
    judge = importlib.import_module("causal.judge")
    for name, samples in (("asia", 100_000), ("complete", 100_000), ("sachs", 10_000)):
        scm = script.truth(name)
        figures = judge.judge(scm, scm, script.BARS[name], samples, 500_000)
        assert not [f for f in figures if f.verdict == "MISSES"]
        assert any(f.verdict == "ok" for f in figures)


def test_cells_that_data_cannot_teach_stand_apart(script):
    """A model that is wrong only where its causes are hardly ever seen together."""
    judge, sachs = importlib.import_module("causal.judge"), script.truth("sachs")
    tables = sachs.to_tables()
    parents, table = tables["Mek"]
    rare = sachs.marginal(parents) * 500_000 < judge.SHOWN
    assert 0 < rare.sum() < rare.size / 4
    tables["Mek"] = parents, np.where(rare[..., None], [0, 0, 1], table)
    wrong = script.gencs.causal.DiscreteSCM.from_tables(tables)
    key, rows = ("Raf", 2), 500_000
    done = {
        key: [
            script.gencs.metrics.LabelTable(scm.graph.nodes, scm.joint(do=dict([key])))
            for scm in (wrong, sachs)
        ]
    }
    edges = sachs.graph.edges
    supported, unsupported = judge._on_support(
        "edge",
        done,
        sachs,
        edges,
        lambda key: judge.learnable(sachs, key[0], rows),
        0.05,
    )
    assert supported.verdict == "ok"
    assert supported.distance < 1e-12
    assert unsupported.distance > 0.05
    assert "do(Raf=2) probability 0.0952" in unsupported.where


@pytest.mark.long
def test_the_study_compares_generators_on_the_same_data(script):
    study = importlib.import_module("causal.study")
    rows = study.data(study.GRAPHS["collider"], 5000, seed=0)
    assert abs(np.corrcoef(rows.T)[0, 2]) < 0.1
    assert rows.min() >= 0.049
    assert rows.max() <= 0.951
    rows = np.stack([rows[:1000], study.data(study.GRAPHS["line"], 1000, seed=1)])
    for kind in ("along collider", "connected 3"):
        make, what = study.KINDS[kind]
        generator = make(what, len(rows))
        before = study.distances(generator, rows)
        study.train(generator, rows, steps=600)
        after = study.distances(generator, rows)
        assert ((after > 0) & (after < before - 0.02)).all()


@pytest.mark.slow
def test_a_generator_of_the_study_learns_as_if_it_were_alone(script):
    study = importlib.import_module("causal.study")
    rows = np.stack([study.data(study.GRAPHS["line"], 500, seed=i) for i in (0, 1)])
    make, what = study.KINDS["along line"]
    alone = []
    for others in (rows[::-1], rows):  # the second run of each, beside another first
        beside = np.stack([others[0], rows[1]])
        generator = make(what, 2)
        study.train(generator, beside, steps=10)
        alone.append([np.array(weight)[1] for weight in generator.weights])
    for one, other in zip(*alone, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_the_study_says_by_how_much_and_how_surely(script):
    study = importlib.import_module("causal.study")
    found = {kind: np.full((3, 4), 0.2) for kind in study.KINDS}
    found["connected 5"][0] = [0.1, 0.12, 0.1, 0.12]
    row = study._row(0, "line", found)
    assert row.rival == "connected 5"
    assert row.gap == pytest.approx(-0.09)
    assert row.error == pytest.approx(np.std([1, -1, 1, -1], ddof=1) / 100 / 2)
    assert row.verdict == "MISSES"
    assert study._row(1, "collider", found).verdict == "ok"
