"""Prints whether an A is good enough for a G: one page, minutes.

    ./scripts/diagnose digits           # 100 Gaussian measurements of 784 pixels
    ./scripts/diagnose faces -m 500     # of 12,288 values
    ./scripts/diagnose digits --measurement hadamard --picture page.png

Error bars are learned on half of the images and judged on the others; the last line is
of one measured image.
"""

import argparse
import time

import quiet_tensorflow  # noqa: F401
import places
import report

import tf_gencs as gencs

KINDS = {
    "gaussian": gencs.layers.GaussianMeasurement,
    "rademacher": gencs.layers.RademacherMeasurement,
    "hadamard": gencs.layers.HadamardMeasurement,
    "cosine": gencs.layers.CosineMeasurement,
}
# Preset, m, noise's expected norm, images, effort.
DATA = {
    "digits": ("mnist_vae", 100, 0.1, 150, 1.0),
    "faces": ("dcgan_face_avatars_64", 500, 0.01, 24, 0.2),
}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", choices=DATA)
    parser.add_argument("-m", type=int, help="measurements")
    parser.add_argument("--measurement", choices=KINDS, default="gaussian")
    parser.add_argument("--images", type=int, help="held-out images")
    parser.add_argument("--effort", type=float, help="more draws and starts")
    parser.add_argument("--picture", type=places.file, help="a .png of the page")
    options = parser.parse_args(arguments)
    preset, m, noise, images, effort = DATA[options.data]
    m = options.m or m
    samples = {
        "digits": gencs.datasets.mnist_samples,
        "faces": gencs.datasets.face_avatars_samples,
    }[options.data]
    x = samples()[0][: 1 + (options.images or images)]
    start = time.perf_counter()
    model = gencs.models.GenerativeModel.from_preset(preset)
    A = KINDS[options.measurement](m, seed=0)
    noise = report.noise_per_measurement(m, noise)
    y = gencs.layers.AdditiveNoise(noise, seed=1)(A(x[:1]))
    found = gencs.theory.diagnose(
        model,
        A,
        noise=noise,
        images=x[1:],
        y=y,
        effort=options.effort or effort,
    )
    print(f"{time.perf_counter() - start:.0f} s")
    if options.picture:
        print(f"Picture: {found.draw(options.picture)}")


if __name__ == "__main__":
    main()
