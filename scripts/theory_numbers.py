"""Prints the numbers of gencs.theory, measured on the presets with fixed seeds.

    ./scripts/theory_numbers                       # all, tens of minutes
    ./scripts/theory_numbers s_rec masks_digits    # some

Each line says what must be reached, and whether it is.
"""

import argparse
import time

import quiet_tensorflow  # noqa: F401
import keras
import numpy as np
import report
import tensorflow as tf

import tf_gencs as gencs
from tf_gencs import layers, theory
from tf_gencs.theory.lipschitz import convolution_norm, gram_norm
from tf_gencs.theory.s_rec import estimate

K = 20
tf.get_logger().setLevel("ERROR")


def say(what, number, bar, reached):
    print(f"{'ok  ' if reached else 'MISS'} {what:<58} {number:<26} {bar}", flush=True)


def digits_model(**arguments):
    return gencs.models.GenerativeModel.from_preset("mnist_vae", **arguments)


def faces_model(**arguments):
    return gencs.models.GenerativeModel.from_preset(
        "dcgan_face_avatars_64", **arguments
    )


def digits():
    return gencs.datasets.mnist_samples()[0]


def s_rec():
    """Tangents against their law, over five A each; the worst pair."""
    model = digits_model()
    z = model.draw_z(60, 0)
    tangents = list(model.tangents(z))
    kinds = {
        "Gaussian": layers.GaussianMeasurement,
        "Rademacher": layers.RademacherMeasurement,
        "Hadamard": layers.HadamardMeasurement,
    }
    for name, kind in kinds.items():
        for m in (50, 100, 200):
            found = []
            for seed in range(5):
                A = kind(m, seed=seed)
                A.build((None, *model.signal_shape))
                measure = estimate.unit_gain(A)
                found += [estimate.least_ratio(measure, each) for each in tangents]
            law, finite = 1 - np.sqrt(K / m), finite_law(K, m)
            ratio = np.median(found) / law
            say(
                f"tangents, {name}, m={m}: median",
                f"{np.median(found):.3f} = {ratio:.3f} law",
                f"within 10 % of {law:.3f} (finite law {finite:.3f})",
                abs(ratio - 1) <= 0.1,
            )
    for m, bar in ((25, 0.05), (100, 0.40)):
        found = theory.s_rec(model, layers.GaussianMeasurement(m, seed=0), seed=0)
        say(
            f"worst pair, Gaussian, m={m}",
            f"{found.adversarial:.3f} (chords {found.chords:.3f})",
            f"<= {bar}",
            found.adversarial <= bar,
        )


def finite_law(k, m):
    """The mean least singular value of m x k numbers of N(0, 1/m), by Tracy-Widom."""
    wide, narrow = np.sqrt(m - 0.5), np.sqrt(k - 0.5)
    width = (wide - narrow) * (1 / narrow - 1 / wide) ** (1 / 3)
    return np.sqrt(((wide - narrow) ** 2 + 1.2065 * width) / m)


def planted():
    """A with a direction that it does not see between two of G's digits."""
    model = digits_model()
    found = []
    for seed in range(5):
        d = np.subtract(*model.generate(2, seed=100 + seed)).ravel()
        A = np.random.default_rng(seed).normal(size=(100, d.size)) / 10
        A -= np.outer(A @ d, d) / (d @ d)
        found.append(theory.s_rec(model, A, seed=seed, tangents=2).adversarial)
    numbers = " ".join(f"{each:.4f}" for each in found)
    say("planted null direction, m=100, 5 seeds", numbers, "< .01", max(found) < 0.01)


def lipschitz():
    """Order relations, and norms against singular values."""
    model = digits_model()
    found = theory.lipschitz(model, seed=0)
    z = model.draw_z(400, 1)
    stretch = max(tangent.lengths[0] for tangent in model.tangents(z))
    say(
        "digits: sampled <= certified <= product",
        f"{max(stretch, found.lower):.1f} {found.upper:,.0f} {found.product:,.0f}",
        "in this order",
        stretch <= found.upper <= found.product and found.lower <= found.upper,
    )
    worst = 1.0
    for layer in model.generator.layers:
        if isinstance(layer, keras.layers.Dense):
            kernel = layer.kernel.numpy().astype("float64")
            exact = np.linalg.norm(kernel, 2)
            worst = max(worst, gram_norm(kernel, steps=6) / exact)
    say(
        "digits: layer norms, 6 Gram steps / SVD",
        f"{worst:.5f}",
        "<= 1.01",
        1 <= worst <= 1.01,
    )
    rng = np.random.default_rng(0)
    layer = keras.layers.Conv2DTranspose(4, 5, strides=2, padding="same")
    generator = keras.Sequential(
        [keras.Input((6 * 6 * 3,)), keras.layers.Reshape((6, 6, 3)), layer]
    )
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    images = np.eye(108, dtype="float32")
    rows = (generator(images) - generator(0 * images)).numpy().reshape(108, -1)
    exact = np.linalg.norm(rows.astype("float64"), 2)
    bound = dict(theory.lipschitz(generator, draws=4, steps=0, seed=0).layers)
    ratio = bound[layer.name] / exact
    say(
        "transposed convolution, 6x6: bound / SVD",
        f"{ratio:.5f}",
        "1 to 1.01",
        0.9999 <= ratio <= 1.01,
    )
    plane = convolution_norm(layer.kernel.numpy(), 2) / exact
    say("the same on the plane", f"{plane:.3f}", ">= 1", plane >= 1)
    matrix = rng.normal(size=(60, 4))
    linear = keras.Sequential([keras.Input((4,)), keras.layers.Dense(60)])
    linear.set_weights([matrix.T, np.zeros(60)])
    both = theory.lipschitz(linear, seed=0)
    exact = np.linalg.norm(matrix, 2)
    worst = max(abs(both.lower / exact - 1), abs(both.upper / exact - 1))
    say("linear G: both ends from sigma_max", f"{worst:.1e}", "<= 1e-4", worst <= 1e-4)
    faces = theory.lipschitz(faces_model(), draws=16, steps=30, seed=0)
    say(
        "faces: found <= certified",
        f"{faces.lower:.0f} {faces.upper:,.0f}",
        "in this order",
        faces.lower <= faces.upper,
    )


def expected_error():
    """The law against the error that is made within G's range."""
    x = digits()
    model = digits_model(deviation_basis=None)
    rep = np.mean((x - theory.arguments.nearest(model, x, 0)) ** 2)
    for m in (50, 100, 200, 400, 750):
        _compare(model, x, m, rep, 0.1, 0.15 if m >= 5 * K else 0.30, "digits")
    x = gencs.datasets.face_avatars_samples()[0][:32]
    model = faces_model(deviation_basis=None)
    rep = np.mean((x - theory.arguments.nearest(model, x, 0)) ** 2)
    for m in (50, 100, 500, 2500):
        _compare(model, x, m, rep, 0.01, 0.30, "faces", tangents=6)


def _compare(model, x, m, rep, noise, bar, name, tangents=40):
    width = model.value_range[1] - model.value_range[0] if model.value_range else 1
    problem = report.measure(x, m, 0, noise, width)
    made = np.mean((model.recover(problem.y, problem.A, seed=0, verbose=0) - x) ** 2)
    known = {"noise": problem.noise, "representation": float(rep), "seed": 0}
    law = theory.expected_error(model, m, tangents=tangents, **known).total
    apart = theory.s_rec(
        model, problem.A, starts=4, steps=0, tangents=1, draws=16, seed=0
    )  # what is ambiguous is told elsewhere
    trace = theory.expected_error(
        model, problem.A, tangents=tangents, s_rec=apart, **known
    ).total
    ratio = max(abs(law / made - 1), abs(trace / made - 1))
    say(
        f"{name}, m={m}: expected (law, trace) against made",
        f"{law:.4f} {trace:.4f} {made:.4f}",
        f"within {100 * bar:.0f} %: {100 * ratio:.0f} %",
        ratio <= bar,
    )


def masks(model, x, m, scan, draws, tangents, noise, name):
    """Adapted against uniform and variable-density masks of as many places."""
    height, width = model.signal_shape[:2]
    acceleration = height * width / m
    rng = np.random.default_rng(0)
    uniform = np.zeros(height * width, bool)
    uniform[rng.choice(height * width, m, replace=False)] = True
    adapted = layers.fourier_mask(
        "adapted", (height, width), acceleration, seed=0, model=model, draws=draws
    )
    columns = layers.fourier_mask(
        "variable_density", (height, width), acceleration, seed=0
    )
    points = layers.fourier_mask("poisson_disc", (height, width), acceleration, 4, 0)
    held = list(model.tangents(model.draw_z(tangents, 77)))
    ratios, errors = {}, {}
    for kind, mask in {
        "uniform": uniform.reshape(height, width),
        "adapted": adapted,
        "variable density": columns,
        "poisson disc": points,
    }.items():
        A = scan(mask)
        A.build((None, *model.signal_shape))
        scale = np.sqrt(height * width / m)  # one for all: rows have unit length

        def measure(v, A=A, scale=scale):
            return scale * A(v)

        found = [estimate.least_ratio(measure, tangent) for tangent in held]
        ratios[kind] = np.median(found)
        y = A(x).numpy()
        y += noise * np.random.default_rng(1).normal(size=y.shape)
        x_hat = model.recover(y.astype("float32"), A, seed=0, verbose=0)
        errors[kind] = np.mean((x_hat - x) ** 2)
        print(
            f"     {name}, {kind}: {mask.sum()} places, tangents "
            f"{ratios[kind]:.3f} (least {min(found):.3f}), MSE {errors[kind]:.5f}"
        )
    gain = ratios["adapted"] / ratios["uniform"]
    share = errors["adapted"] / errors["uniform"]
    say(
        f"{name}, {m} places: tangents, adapted / uniform",
        f"{gain:.2f}",
        ">= 1.3",
        gain >= 1.3,
    )
    say(
        f"{name}, {m} places: error, adapted / uniform",
        f"{share:.2f}",
        "<= .75",
        share <= 0.75,
    )
    share = errors["adapted"] / errors["variable density"]
    say(
        f"{name}, {m} places: error, adapted / variable density",
        f"{share:.2f}",
        "<= 1",
        share <= 1,
    )


def masks_digits():
    """50 places are 100 real numbers; 100 places 200."""
    within = digits_model(deviation_basis=None)
    for places in (50, 100):
        for model, name in ((within, "within the range"), (digits_model(), "auto")):
            masks(
                model,
                digits(),
                places,
                layers.FourierMeasurement,
                400,
                60,
                0.1,
                f"digits, {name}",
            )


def colour_scan(mask):
    """The same places of k-space for each of three colours."""
    return layers.Stack(
        [
            layers.FourierMeasurement(mask) @ layers.GrayscaleMeasurement(weights)
            for weights in np.eye(3)
        ]
    )


def masks_faces():
    """Places, three real and three imaginary numbers each."""
    x = gencs.datasets.face_avatars_samples()[0][:32]
    masks(faces_model(), x, 100, colour_scan, 24, 8, 0.01, "faces")


def bound():
    """The a-posteriori bound of 300 digits and three m."""
    for m in (50, 100, 200):
        problem = report.measure(digits(), m, 0)
        found = theory.error_bound(
            digits_model(), problem.A, problem.y, x=problem.x, seed=0
        )
        ratio = np.median(found.bound / found.error)
        loose = np.median(found.tangent_bound / found.error)
        say(
            f"bound, m={m}, 300 digits: holds for",
            f"{100 * found.holds:.1f} %",
            f"100 %; bound / error {ratio:.2f}, by tangents {loose:.2f}",
            found.holds == 1 and loose <= 5,
        )


def intervals():
    """Coverage of nominal 90 % intervals, and predicted against made errors."""
    x, model = digits(), digits_model()
    for m in (50, 100):
        A, noise = layers.GaussianMeasurement(m, seed=0), 0.1 / np.sqrt(m)
        bars = theory.uncertainty(model, A, images=x[:75], noise=noise, seed=0)
        held = bars.coverage(x[75:225], seed=1)
        say(
            f"intervals, m={m}: cover, worst image",
            f"{held.mean:.3f} {held.worst:.2f}",
            ".87 to .93",
            0.87 <= held.mean <= 0.93,
        )
        within = digits_model(deviation_basis=None)
        within.compile()
        bars = theory.uncertainty(within, A, images=x[:75], noise=noise, seed=0)
        held = bars.coverage(x[75:225], seed=1)
        ratio = held.predicted / held.measured
        say(
            f"within the range, m={m}: predicted / made error, cover",
            f"{ratio:.2f} {held.mean:.3f}",
            ".85 to 1.15",
            0.85 <= ratio <= 1.15,
        )


def ranks():
    """Langevin passes; at twice the noise it fails."""
    model = digits_model(representation_error=0.0, deviation_basis=None)
    for m, noise in ((25, 0.5), (50, 0.1)):
        A = layers.GaussianMeasurement(m, seed=0)
        for factor in (1, 2):
            sampler = gencs.solvers.Langevin(
                noise=factor * noise, restarts=1, probes=1000, seed=0
            )
            found = theory.rank_tests(
                model, A, noise=noise, sampler=sampler, problems=200, seed=0
            )
            right = factor == 1
            say(
                f"ranks, m={m}, noise {noise} x {factor}: p",
                f"{found.p_value:.2g}",
                "> .01" if right else "< 1e-4",
                found.p_value > 0.01 if right else found.p_value < 1e-4,
            )


PARTS = {
    part.__name__: part
    for part in (
        s_rec,
        planted,
        lipschitz,
        expected_error,
        masks_digits,
        masks_faces,
        bound,
        intervals,
        ranks,
    )
}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}")
    options = parser.parse_args(arguments)
    for name in options.parts or PARTS:
        if name not in PARTS:
            parser.error(f"parts must be of {', '.join(PARTS)}. Received: {name}")
    for name in options.parts or PARTS:
        start = time.perf_counter()
        print(f"{name}: {PARTS[name].__doc__ or ''}".rstrip())
        PARTS[name]()
        print(f"     {time.perf_counter() - start:.0f} s\n", flush=True)


if __name__ == "__main__":
    main()
