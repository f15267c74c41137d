"""The figure scripts on tiny input: what they compute once, keep, print and draw."""

import csv
import pathlib

import numpy as np
import pytest

import tf_gencs as gencs


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.long
def test_error_vs_m_prints_a_table_with_the_ratio_and_draws(script, tmp_path, capsys):
    arguments = ["--signals", "3", "--seeds", "0", "--m", "20", "--out", str(tmp_path)]
    methods = ["ours", "search", "lasso-pixel", "lasso-dct-reference"]
    script("figure_error_vs_m").main([*arguments, "--methods", *methods])
    found = rows(tmp_path / "error_vs_m.csv")
    assert sorted(row["method"] for row in found) == sorted(methods)
    assert all(row["m"] == "20" and row["signals"] == "3" for row in found)
    mse = {row["method"]: float(row["mse"]) for row in found}
    output = capsys.readouterr().out
    assert f"| tf_gencs, solver='auto' | {mse['ours']:.5f} |" in output
    # The published penalty is no part of the bound: only what is tuned is.
    ratio = mse["ours"] / mse["lasso-pixel"]
    assert f"| ours / best of the others | {ratio:.3f} |" in output
    assert (tmp_path / "error_vs_m.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_error_vs_noise_is_told_the_noise_that_it_adds(script, tmp_path):
    arguments = ["--signals", "3", "--seeds", "0", "--m", "30", "--noise", "0.1", "20"]
    methods = ["told", "lasso-wavelet"]
    script("figure_error_vs_noise").main(
        [*arguments, "--methods", *methods, "--out", str(tmp_path)]
    )
    errors = {
        (row["method"], float(row["noise"])): float(row["mse"])
        for row in rows(tmp_path / "error_vs_noise.csv")
    }
    assert len(errors) == 4
    for method in methods:
        assert errors[method, 0.1] < errors[method, 20]
    assert (tmp_path / "error_vs_noise.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.long
def test_signals_in_range_are_found_exactly(script, tmp_path, capsys):
    arguments = ["--signals", "3", "--seeds", "1", "--m", "150", "--out", str(tmp_path)]
    script("figure_in_range").main([*arguments, "--methods", "in-range"])
    (row,) = rows(tmp_path / "in_range.csv")
    assert float(row["noise"]) == 0
    assert (float(row["recovered"]) == 1) == (float(row["mse"]) <= 1e-6)
    share = 100 * float(row["recovered"])
    assert f"| tf_gencs, told that G reaches all | {share:.1f} % |" in (
        capsys.readouterr().out
    )
    assert (tmp_path / "in_range.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`x` explains less")
def test_faces_are_drawn_beside_lasso_and_what_it_would_need(
    script, tmp_path, capsys, monkeypatch
):
    figure = script("figure_faces")
    model = gencs.models.DCGAN(latent_dim=4, width=2, seed=0)
    model.save_to_preset(tmp_path / "preset")
    monkeypatch.setattr(figure, "PRESET", tmp_path / "preset")
    monkeypatch.setattr(figure, "SHOWN", 30)
    methods = ["ours", "lasso-dct"]
    arguments = ["--signals", "2", "--m", "10", "30", "--out", str(tmp_path)]
    figure.main([*arguments, "--methods", *methods])
    found = rows(tmp_path / "faces.csv")
    assert sorted((row["method"], int(row["m"])) for row in found) == sorted(
        (method, m) for method in methods for m in (10, 30)
    )
    output = capsys.readouterr().out
    assert "Lasso, DCT, tuned needs" in output
    assert "measurements for the error of tf_gencs with 30" in output
    for name in ("faces", "faces_curve"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("target", "needed"), [(0.02, "200"), (0.001, "more than 400")]
)
def test_what_lasso_would_need_is_read_off_its_curve(
    script, tmp_path, capsys, monkeypatch, target, needed
):
    """Between points the curve is a power law."""
    figure = script("figure_faces")
    sweep = script("sweep")
    monkeypatch.setattr(figure, "SHOWN", 100)
    arguments = [
        "--signals",
        "2",
        "--m",
        "100",
        "400",
        "--methods",
        "ours",
        "lasso-dct",
    ]
    options = sweep.parse(
        "A figure.", figure.METHODS, figure.MEASUREMENTS, arguments, seeds=(0,)
    )
    results = sweep.Results(tmp_path / "faces.csv")
    errors = {("lasso-dct", 100): 0.04, ("lasso-dct", 400): 0.01, ("ours", 100): target}
    for (method, m), mse in errors.items():
        run = sweep.Run(method, m, figure.NOISE, 0, 2)
        results._figures[run] = sweep.Figures(mse, 0.0, 0.0, 1.0)
    figure._print_saving(results, options)
    assert f"needs {needed} measurements" in capsys.readouterr().out


def counted(sweep, errors):
    """A method that is off by what `errors` gives for a seed; a list of its runs."""
    calls = []

    def make(problem, seed):
        def recover(y, A):
            calls.append(seed)
            return problem.x + np.float32(errors[seed])

        return recover

    return sweep.Method("counted", "C0-", make), calls


def test_interrupted_sweep_goes_on_and_again_computes_anew(script, tmp_path):
    sweep = script("sweep")
    method, calls = counted(sweep, {0: 0.1, 1: 0.3, 2: 0.0})

    def run(*arguments):
        values = {"m": ((5,), (5,))}
        arguments = ["--signals", "4", *arguments]
        options = sweep.parse("A figure.", {"counted": method}, values, arguments)
        results = sweep.Results(tmp_path / "figure.csv")
        results.compute(options, script("digits").measured(options), 5, 0.1)
        return results.at(options, "counted", 5, 0.1)

    run("--seeds", "0", "1")
    assert calls == [0, 1]
    figures = run("--seeds", "0", "1", "2")
    assert calls == [0, 1, 2]
    np.testing.assert_allclose(figures.mse, (0.01 + 0.09 + 0.0) / 3, rtol=1e-5)
    assert figures.recovered == pytest.approx(1 / 3)
    run("--seeds", "1", "--again")
    assert calls == [0, 1, 2, 1]
    assert len(rows(tmp_path / "figure.csv")) == 3
    # Another number of signals is another run.
    run("--seeds", "0", "--signals", "2")
    assert calls[-1] == 0
    assert len(rows(tmp_path / "figure.csv")) == 4


def test_confidence_is_that_of_the_signals_not_of_the_seeds(script):
    sweep = script("sweep")
    methods = {"ours": sweep.Method("ours", "C0-", make=None)}
    options = sweep.parse(
        "A figure.", methods, {"m": ((5,), (5,))}, ["--seeds", "0", "1"]
    )
    results = sweep.Results(pathlib.Path("nowhere.csv"))
    for seed, std in ((0, 3.0), (1, 4.0)):
        run = sweep.Run("ours", 5, 0.1, seed, 300)
        results._figures[run] = sweep.Figures(1.0, std, 0.0, 1.0)
    figures = results.at(options, "ours", 5, 0.1)
    assert figures.std == pytest.approx(np.sqrt(12.5))


def test_quick_figures_do_not_replace_the_full_ones(script):
    sweep = script("sweep")
    methods = {"ours": sweep.Method("ours", "C0-", make=None)}
    values = {"m": ((5, 6), (5,))}
    quick = sweep.parse("A figure.", methods, values, ["--quick"])
    full = sweep.parse("A figure.", methods, values, [])
    assert (quick.signals, quick.seeds, quick.m) == (20, [0], [5])
    assert (full.signals, full.seeds, full.m) == (300, [0, 1, 2], [5, 6])
    assert full.out == sweep.FIGURES != quick.out


@pytest.mark.slow
def test_causal_figures_are_drawn_of_a_checkpoint(script, tmp_path):
    for package in ("python_avatars", "resvg_py"):
        pytest.importorskip(package)
    figure = script("figure_causal")
    scm = script("causal.faces").truth()
    controller = gencs.causal.CausalController(scm.graph, scm.states, seed=0)
    model = gencs.models.CausalGAN(
        controller, (32, 32, 3), noise_dim=3, width=2, labeler_width=2, seed=0
    )
    model.save(tmp_path / "model.keras")
    arguments = ["--checkpoint", str(tmp_path / "model.keras"), "--columns", "2"]
    arguments += ["--steps", "4", "--samples", "1000", "--out", str(tmp_path)]
    figure.main(arguments)
    for name in ("do_given", "interpolation", "counterfactuals", "graph", "distance"):
        picture = tmp_path / f"causal_{name}.png"
        assert picture.read_bytes().startswith(b"\x89PNG")
    found = rows(tmp_path / "causal.csv")
    assert {row["figure"] for row in found} == {
        "do_given",
        "counterfactuals",
        "distance",
    }
    assert all(0 <= float(row["value"]) <= 1 for row in found)
    steps = [row["what"] for row in found if row["what"].startswith("observed")]
    assert steps == [f"observed, step {step}" for step in range(5)]
