"""How recovery fares when A changes from call to call: time, memory, scale.

    ./scripts/recovery_changes
    ./scripts/recovery_changes --only time memory

Prints how long the first call of a process takes; calls with an A that changes beside
calls that repeat one; memory over 300 calls that never see an A again; and errors of
c A and c y for every linear measurement and many c.
"""

import argparse
import itertools
import pathlib
import resource
import statistics
import subprocess
import sys
import time

import quiet_tensorflow  # noqa: F401
import numpy as np
import tensorflow as tf

import tf_gencs as gencs

M, SIGNALS, CALLS, SHAPE = 100, 50, 20, (28, 28, 1)
layers = gencs.layers


def main():
    parts = {"first": first, "time": changing, "memory": memory, "scale": scale}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    for name in parser.parse_args().only:
        parts[name]()


def digits(count):
    return gencs.datasets.mnist_samples()[0][:count]


def first():
    """Seconds of the first call in a process that has imported everything."""
    code = (
        "import quiet_tensorflow, time, tf_gencs as gencs\n"
        "model = gencs.models.GenerativeModel.from_preset({preset!r})\n"
        "x = gencs.datasets.{data}()[0][:{count}]\n"
        "A = gencs.layers.GaussianMeasurement({m}, seed=0)\n"
        "y = A(x)\n"
        "start = time.perf_counter()\n"
        "model.recover(y, A, seed=0, verbose=0)\n"
        "between = time.perf_counter()\n"
        "model.recover(y, A, seed=0, verbose=0)\n"
        "print(between - start, time.perf_counter() - between)\n"
    )
    cases = {
        "digits, m = 100": {"preset": "mnist_vae", "data": "mnist_samples", "m": M},
        "faces, m = 500": {
            "preset": "dcgan_face_avatars_64",
            "data": "face_avatars_samples",
            "m": 500,
        },
    }
    print("First call of a process, one signal      s   the next one")
    for name, case in cases.items():
        program = code.format(count=1, **case)
        output = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            check=True,
            text=True,
            cwd=pathlib.Path(__file__).parent,
        ).stdout
        seconds = [float(number) for number in output.split()[-2:]]
        print(f"{name:<34}{seconds[0]:8.2f}{seconds[1]:10.2f}")


def matrices():
    for seed in itertools.count():
        rng = np.random.default_rng(seed)
        yield rng.normal(size=(M, 784)).astype("float32") / M**0.5


def masks():
    for seed in itertools.count():
        yield layers.MaskMeasurement(keep=M / 784, seed=seed)


CHANGING = {
    "arrays": matrices,
    "seeds of a layer": lambda: (
        layers.GaussianMeasurement(M, seed=seed) for seed in itertools.count()
    ),
    "seeds, nothing stored": lambda: (
        layers.GaussianMeasurement(M, storage="seed", seed=s) for s in itertools.count()
    ),
    "seeds of a fast transform": lambda: (
        layers.HadamardMeasurement(M, seed=seed) for seed in itertools.count()
    ),
    "masks": masks,
    "linear operators": lambda: map(tf.linalg.LinearOperatorFullMatrix, matrices()),
}


def changing():
    """Calls 2 to 20 with another A each, beside calls that repeat one."""
    x = digits(SIGNALS)
    print("\nSeconds a call            repeated  changing   ratio")
    for name, make in CHANGING.items():
        model = gencs.models.VAE.from_preset("mnist_vae")
        every = itertools.islice(make(), CALLS)
        measured = [(A, layers.as_measurement(A, SHAPE)(x).numpy()) for A in every]
        model.recover(measured[0][1], measured[0][0], seed=0, verbose=0)
        times = {"repeated": [], "changing": []}
        for A, y in measured[1:]:
            for kind, pair in (("changing", (y, A)), ("repeated", (y, A))):
                start = time.perf_counter()
                model.recover(*pair, seed=0, verbose=0)
                times[kind].append(time.perf_counter() - start)
        repeated, changed = (statistics.median(each) for each in times.values())
        print(f"{name:<26}{repeated:8.3f}{changed:10.3f}{changed / repeated:8.2f}")


def memory(calls=300, settled=10):
    """What 300 calls, each with a new A, leave behind after the tenth."""
    print(f"\nMiB that {calls} calls with a new A leave after the call no. {settled}")
    for name in ("arrays", "seeds of a layer", "seeds of a fast transform", "masks"):
        model = gencs.models.VAE.from_preset("mnist_vae")
        x = digits(2)
        for count, A in enumerate(itertools.islice(CHANGING[name](), calls)):
            y = layers.as_measurement(A, SHAPE)(x)
            model.recover(y, A, seed=0, verbose=0)
            if count + 1 == settled:
                before = resident()
        print(f"{name:<26}{resident() - before:8.1f}")


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


LINEAR = {
    "gaussian": lambda: layers.GaussianMeasurement(M, seed=0),
    "rademacher": lambda: layers.RademacherMeasurement(M, seed=0),
    "hadamard": lambda: layers.HadamardMeasurement(M, seed=0),
    "cosine": lambda: layers.CosineMeasurement(M, seed=0),
    "circulant": lambda: layers.CirculantMeasurement(M, seed=0),
    "mask": lambda: layers.MaskMeasurement(keep=0.3, seed=0),
    "box": lambda: layers.MaskMeasurement(box=(8, 8, 12, 12)),
    "super-resolution": lambda: layers.BlurDownsample(4),
    "deblurring": lambda: layers.BlurDownsample(1, sigma=2.0),
    "grayscale": layers.GrayscaleMeasurement,
    "mri": lambda: layers.FourierMeasurement(
        "variable_density", acceleration=4, center_lines=4, seed=0
    ),
    "tomography": lambda: layers.ProjectionMeasurement(6),
    "identity": layers.IdentityMeasurement,
}
SCALES = (1.0, 2.0**-10, 1e-3, 1e-2, 0.1, 3.0, 20.0, 1e3)


def scale():
    """The default's error for c A and c y."""
    x = digits(SIGNALS)
    model = gencs.models.VAE.from_preset("mnist_vae")
    print("\nMSE per pixel of c A, c = " + "".join(f"{c:>9.3g}" for c in SCALES))
    for name, make in LINEAR.items():
        A = make()
        y = A(x).numpy()
        errors = []
        for c in SCALES:
            x_hat = model.recover(np.float32(c) * y, c * A, seed=0, verbose=0)
            errors.append(np.mean((x_hat - x) ** 2))
        print(f"{name:<26}" + "".join(f"{error:9.5f}" for error in errors))


if __name__ == "__main__":
    main()
