"""The scripts on attacks and defences, on few images."""

import json

import pytest

import tf_gencs as gencs
from tests.datasets.small_mnist import write_small_mnist


@pytest.mark.slow
def test_robustness_prints_adaptive_accuracy_first(script, capsys):
    few = ["--images", "4", "--steps", "2", "--restarts", "1", "--queries", "2"]
    script("robustness").main(["invert_and_classify", "--eps", "1.5", *few])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("adaptive: worst of all, per image")


@pytest.mark.long
def test_robustness_shows_that_nothing_is_no_defence(script, capsys):
    few = ["--images", "4", "--steps", "5", "--restarts", "1"]
    script("robustness").main(["nothing", *few])
    for line in capsys.readouterr().out.splitlines()[1:3]:
        plain, through = (float(part.split()[-1]) for part in line.split(","))
        assert abs(plain - through) <= 0.02


def test_robustness_refuses_a_part_that_is_not_there(script, capsys):
    with pytest.raises(SystemExit):
        script("robustness").main(["magic"])
    assert "parts must be of" in capsys.readouterr().err


@pytest.mark.slow
def test_a_generative_classifier_is_written_with_its_record(script, tmp_path):
    data = ["--data-dir", str(write_small_mnist(tmp_path))]
    few = ["--epochs", "1", "--hidden", "4", "--latent-dim", "2", "--held", "1"]
    out = tmp_path / "digits"
    script("train_generative_classifier").main([*data, *few, "--out", str(out)])
    classifier = gencs.defence.GenerativeClassifier.from_preset(out)
    assert len(classifier.models) == 10
    record = json.loads((out / "record.json").read_text())
    assert record["test"]["images"] == 10
    assert "--hidden 4" in record["command"]
    assert str(tmp_path) not in json.dumps(record)


@pytest.mark.slow
def test_a_robust_classifier_is_one_of_the_metrics(script, tmp_path):
    data = ["--data-dir", str(write_small_mnist(tmp_path))]
    few = ["--training-steps", "2", "--attack-steps", "1", "--batch-size", "10"]
    out = tmp_path / "robust"
    script("train_robust_classifier").main([*data, *few, "--out", str(out)])
    assert gencs.metrics.classifier(out).labels == tuple("0123456789")
    record = json.loads((out / "record.json").read_text())
    assert "--training-steps 2" in record["command"]
    assert record["metrics"]["test_images"] == 10
