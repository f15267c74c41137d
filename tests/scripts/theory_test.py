"""The scripts on theory, on few images."""

import pytest


@pytest.mark.slow
def test_diagnose_prints_the_page_and_draws_it(script, tmp_path, capsys):
    picture = tmp_path / "page.png"
    few = ["--images", "20", "--effort", "0.1", "--picture", str(picture)]
    script("diagnose").main(["digits", *few])
    output = capsys.readouterr().out
    assert "A   GaussianMeasurement, m=100 of n=784;  G: VAE, k=20" in output
    assert "90 % intervals cover" in output
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_theory_numbers_names_its_parts(script, capsys):
    with pytest.raises(SystemExit):
        script("theory_numbers").main(["nothing"])
    assert "masks_digits" in capsys.readouterr().err
