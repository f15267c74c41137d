"""Draws what a causal model of faces does: do beside given, what-ifs, its graph.

    ./scripts/figure_causal            # the preset, minutes
    ./scripts/figure_causal --checkpoint runs/causal_gan_face_avatars/preset --quick

`causal_do_given`: one noise, and for each attribute two rows of images: above under
do(attribute = 1), where sex and age stay as they are, below given(attribute = 1), where
they are those of people who have it. `causal_interpolation`: one face a row, whose
attribute goes from 0 to 1 and whose effects go with it. `causal_counterfactuals`: test
faces, what the model explains them by, and what they would have been, beside the same
faces drawn so. `causal_graph`: who causes whom. `causal_distance`: a controller learns
the labels; its total variation from the truth against the step of training. The figures
behind the pictures go to causal.csv.
"""

import argparse
import csv
import pathlib

import quiet_tensorflow  # noqa: F401
import keras
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import places
from causal import faces, images, judge
from drawing import draw_rows

import tf_gencs as gencs

FIGURES = pathlib.Path(__file__).resolve().parent / "figures"
SHOWN = ("Bald", "Mustache", "Eyeglasses")
INTERPOLATED = ("Mustache", "Eyeglasses", "Bald", "Young")


def main(arguments=None):
    options = parse(arguments)
    model, scm = faces.load(options.checkpoint), faces.truth()
    side = model.signal_shape[0]
    reader = faces.Judge(side, model.value_range, options.judge)
    figures = draw_do_and_given(model, reader, options)
    draw_interpolation(model, options)
    figures += draw_counterfactuals(model, reader, scm, side, options)
    picture = scm.graph.draw(options.out / "causal_graph.png", highlight=["Mustache"])
    print(f"Picture: {picture}")
    figures += draw_distance(scm, options)
    with (options.out / "causal.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["figure", "what", "value"])
        writer.writerows(figures)


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", default=faces.PRESET, help="preset or .keras")
    parser.add_argument("--judge", help="folder of another classifier")
    parser.add_argument("--columns", type=int, default=12)
    parser.add_argument("--steps", type=int, default=4_000, help="of the controller")
    parser.add_argument("--samples", type=int, default=200_000, help="to judge it by")
    parser.add_argument("--quick", action="store_true", help="400 steps, few samples")
    parser.add_argument("--out", type=places.folder, help="default scripts/figures")
    options = parser.parse_args(arguments)
    if options.quick:
        options.steps, options.samples = 400, 20_000
    options.out = options.out or places.folder(
        "build/figures" if options.quick else str(FIGURES)
    )
    return options


def draw_do_and_given(model, reader, options):
    """Two rows for each attribute; how many of them are men and young."""
    rows, figures = {}, []
    for name in SHOWN:
        for kind in ("do", "given"):
            x, _ = model.sample(options.columns, **{kind: {name: 1}}, seed=0)
            many, _ = model.sample(20 * options.columns, **{kind: {name: 1}}, seed=1)
            read = reader.read(many)
            men, young, has = (read[each].mean() for each in ("Male", "Young", name))
            words = f"{kind}({name}=1)"
            rows[f"{words}\n{100 * men:.0f} % men, {100 * young:.0f} % young"] = x
            for what, share in (("men", men), ("young", young), (name, has)):
                figures.append(("do_given", f"{words}: {what}", f"{share:.4f}"))
    title = "The same noise under interventions, and under conditions"
    _draw(options, "causal_do_given", rows, title, model)
    return figures


def draw_interpolation(model, options, people=2, steps=9):
    """An attribute from 0 to 1; what it causes goes the same way."""
    rows = {}
    noise = model.draw_noise(people, seed=4)
    before = model.controller.sample(people, seed=4)
    for name in INTERPOLATED:
        ends = [
            model.controller.counterfactual(before, {name: state}, seed=4)
            for state in (0, 1)
        ]
        for person in range(people):
            way = np.linspace(0, 1, steps)
            labels = {
                node: (1 - way) * ends[0][node][person] + way * ends[1][node][person]
                for node in before
            }
            z = model.latents(np.repeat(noise[person : person + 1], steps, 0), labels)
            who = "" if not person else ", another"
            rows[f"{name} 0 to 1{who}"] = model.generate(z=z)
    title = "One face a row: an attribute from 0 to 1, and its effects with it"
    _draw(options, "causal_interpolation", rows, title, model, steps)


def draw_counterfactuals(model, reader, scm, side, options):
    """Test faces as they would have been, above the truth."""
    x, labels = images.people(scm, options.columns, side)
    found = model.abduct(x, seed=0, verbose=0)
    rows, figures = {"test faces": x, "G(noise, labels)": found.generated}, []
    for do in ({"Mustache": 1}, {"Eyeglasses": 1}, {"Male": 0}, {"Young": 0}):
        ((name, state),) = do.items()
        changed = model.counterfactual(found, do).x
        share = np.mean(reader.read(changed)[name] == state)
        rows[f"do({name}={state})"] = changed
        drawn = images.changed_people(scm, labels, do, side)
        rows[f"drawn with {name}={state}"] = drawn
        figures.append(("counterfactuals", f"do({name}={state}) set", f"{share:.4f}"))
    title = "This face, with a mustache: noise and labels kept, but for the effects"
    _draw(options, "causal_counterfactuals", rows, title, model)
    return figures


def draw_distance(scm, options):
    """Total variation of a controller that learns, against the step."""
    truth = judge.exact(scm)
    labels = scm.sample(500_000, seed=1000)
    counted = gencs.causal.DiscreteSCM.by_counting(labels, scm.graph, scm.states)
    controller = gencs.causal.CausalController(scm.graph, scm.states, seed=0)
    controller.compile(steps=options.steps)
    curves = {"observed": {}, "do(Mustache=1)": {}}
    conditions = {"observed": {}, "do(Mustache=1)": {"do": {"Mustache": 1}}}
    floor = {}

    def look(step):
        for name, told in conditions.items():
            found = judge.found(controller, scm, options.samples, 0, **told)
            distance = gencs.metrics.total_variation(found, judge.exact(scm, **told))
            curves[name][step], floor[name] = distance

    per_epoch = max(1, options.steps // 40)
    look(0)
    controller.fit(
        labels,
        steps_per_epoch=per_epoch,
        verbose=0,
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: look((epoch + 1) * per_epoch)
            )
        ],
    )
    tables = gencs.metrics.total_variation(
        judge.found(counted, scm, options.samples, 0), truth
    )
    figure, axis = plt.subplots(figsize=(7, 4.5))
    for name, curve in curves.items():
        axis.plot(list(curve), list(curve.values()), label=name)
    axis.axhline(tables.distance, color="C2", ls="--", label="tables by counting")
    axis.axhline(floor["observed"], color="0.5", ls=":", label="exact samples")
    axis.set_yscale("log")
    axis.set_xlabel("step of the controller")
    axis.set_ylabel("total variation, all 256 cells")
    axis.set_title(f"Labels of faces, from {options.samples:,} samples")
    axis.legend(fontsize=8)
    figure.tight_layout()
    path = options.out / "causal_distance.png"
    figure.savefig(path, dpi=100)
    plt.close(figure)
    print(f"Picture: {path}")
    return [
        ("distance", f"{name}, step {step}", f"{value:.5f}")
        for name, curve in curves.items()
        for step, value in curve.items()
    ]


def _draw(options, name, rows, title, model, columns=None):
    path = options.out / f"{name}.png"
    draw_rows(rows, path, title, columns or options.columns, model.value_range)
    print(f"Picture: {path}")


if __name__ == "__main__":
    main()
