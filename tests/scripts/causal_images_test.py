"""The script of causal images, with a model that draws what it is asked, and others."""

import sys

import numpy as np
import pytest

SMALL = ["--samples", "4", "--faces", "6", "--copies", "1"]


@pytest.fixture
def script(script):
    pytest.importorskip("python_avatars")
    pytest.importorskip("resvg_py")
    yield script("causal_images")
    for name in [
        n for n in sys.modules if n.split(".")[0] in ("causal", "causal_images")
    ]:
        del sys.modules[name]


class Drawn:
    """Draws whom the truth says: what a perfect model does.

    Args:
        script: the module.
        asked: what becomes of the labels before they are drawn: a wrong model.
        done: what becomes of `do` and `given`.
    """

    signal_shape, value_range = (64, 64, 3), (-1.0, 1.0)

    def __init__(self, script, asked=lambda labels: labels, done=lambda **what: what):
        self._faces, self._scm = script.faces, script.faces.truth()
        self._asked, self._done = asked, done

    def sample(self, n, seed, **what):
        labels = self._scm.sample(n, **self._done(**what), seed=seed)
        return self._faces.draw(self._asked(labels), seed, 64), labels

    def abduct(self, x, seed, verbose):
        from types import SimpleNamespace

        labels = self._scm.sample(len(x), seed=self._faces.PEOPLE_SEED)
        return SimpleNamespace(x=x, generated=x, labels=labels)

    def counterfactual(self, found, do, deviation=True):
        from types import SimpleNamespace

        seed = self._faces.PEOPLE_SEED
        labels = self._scm.counterfactual(self._asked(found.labels), do, seed)
        return SimpleNamespace(x=self._faces.draw(labels, seed, 64))


def rows_of(script, model, capsys, arguments=SMALL):
    rows = script.report(model, script.parse(arguments))
    return {row.what: row for row in rows}, capsys.readouterr().out


@pytest.mark.slow
def test_a_model_that_draws_what_it_is_asked_meets_all_bars(script, capsys):
    rows, output = rows_of(script, Drawn(script), capsys)
    some = {what: row for what, row in rows.items() if "P(Male" not in what}
    assert not [what for what, row in some.items() if row.verdict != "ok"]
    assert "do: Male, never trained on" in rows
    assert not any(what.startswith("given") and "never" in what for what in rows)
    assert rows["P(Male = 1 | given Mustache = 1)"].share == 1
    assert "do(Mustache=1): Male kept" in rows
    assert "NOT WRONG" not in output
    assert output.count("misses, as it must") >= 9


@pytest.mark.long
def test_wrong_models_miss_their_bars(script, monkeypatch):
    """Labels of others; nobody done to; conditioning in place of intervening."""
    images, faces = script.images, script.faces
    scm, judge = faces.truth(), faces.Judge(64)

    def others(labels):
        return {name: np.roll(states, 1) for name, states in labels.items()}

    def verdicts(model):
        samples = list(images.asked(model, scm, 10, nodes=["Mustache"], states=[1]))
        read = images.read_back(judge, scm, samples)
        return {row.what: row.verdict for row in images.shares(read)}

    right, wrong = verdicts(Drawn(script)), verdicts(Drawn(script, others))
    assert set(right.values()) == {"ok"}
    assert all(wrong[f"observed: {name}"] == "MISSES" for name in ("Male", "Smiling"))
    conditioning = Drawn(
        script, done=lambda do=None, given=None: {"given": do or given}
    )
    given, done = images.men_with_mustaches(judge, conditioning, scm, 40)
    assert given.verdict == "ok"
    assert done.verdict == "MISSES"
    x, labels = images.people(scm, 8, 64)
    somebody = Drawn(script, others).counterfactual(
        Drawn(script).abduct(x, 0, 0), {"Eyeglasses": 1}
    )
    found = images.counterfactual_shares(
        judge, scm, x, labels, {"Eyeglasses": 1}, somebody.x
    )
    by_what = {row.what: row.verdict for row in found}
    assert by_what["do(Eyeglasses=1): set"] == "ok"
    assert by_what["do(Eyeglasses=1): Male kept"] == "MISSES"


def test_a_bar_may_have_two_ends(script):
    share = script.images.Share
    assert share("x", 0.5, 10, (0.45, 0.55)).verdict == "ok"
    assert share("x", 0.6, 10, (0.45, 0.55)).verdict == "MISSES"
    assert share("x", 0.4, 10, 0.45).verdict == "MISSES"
    assert share("x", 0.4, 10).verdict == ""
    assert "0.45-0.55" in share("x", 0.5, 10, (0.45, 0.55)).row()


def test_the_nearest_face_is_told_by_pixels(script, rng):
    x = rng.normal(size=(5, 4, 4, 3))
    images = x + 0.01
    images[3] = x[1]
    expected = [True, True, True, False, True]
    np.testing.assert_array_equal(script.images.nearest(images, x), expected)
