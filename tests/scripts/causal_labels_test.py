"""The script of causal labels at sizes of seconds: what must be right, and wrong."""

import importlib
import sys

import numpy as np
import pytest

from tests.scripts.scripts_test import SCRIPTS


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    yield importlib.import_module("causal_labels")
    for name in [
        n for n in sys.modules if n.split(".")[0] in ("causal", "causal_labels")
    ]:
        del sys.modules[name]


SMALL = ["--seeds", "0", "--rows", "50000", "--samples", "50000", "--study", "0"]


@pytest.mark.long
def test_prints_figures_beside_bars_and_counting(script, capsys):
    script.main([*SMALL, "--networks", "cancer", "--controls", "0", "--steps", "200"])
    rows = [row for row in capsys.readouterr().out.splitlines() if " ok " in row]
    assert [row[:5] for row in rows] == ["joint", "worst", "worst"]
    for row in rows:
        counted = float(row.split()[-1])
        assert counted < 0.05


@pytest.mark.long
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
        figures = judge.judge(wrong, faces, script.BARS["faces"], 20_000)
        assert all(f.distance > f.bar for f in figures if f.bar is not None)


def test_exact_models_meet_all_bars(script):
    judge = importlib.import_module("causal.judge")
    for name, samples in (("asia", 100_000), ("complete", 100_000), ("sachs", 10_000)):
        scm = script.truth(name)
        figures = judge.judge(scm, scm, script.BARS[name], samples)
        assert not [f for f in figures if f.verdict == "MISSES"]
        assert any(f.verdict == "ok" for f in figures)


@pytest.mark.long
def test_the_study_trains_generators_along_a_graph_and_connected_ones(script):
    study = importlib.import_module("causal.study")
    rows = study.data(study.GRAPHS["collider"], 5000, seed=0)
    assert abs(np.corrcoef(rows.T)[0, 2]) < 0.1
    assert rows.min() >= 0.049
    assert rows.max() <= 0.951
    for generator in (study.along(study.GRAPHS["collider"]), study.connected(3)):
        before = study.distance(generator, rows, n=1000)
        study.train(generator, rows, steps=3)
        after = study.distance(generator, rows, n=1000)
        assert 0 < after.distance <= 1
        assert after != before
