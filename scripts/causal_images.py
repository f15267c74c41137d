"""Judges a causal model of faces: images under conditions and under interventions.

    ./scripts/causal_images                            # the preset, 10 minutes
    ./scripts/causal_images --checkpoint runs/causal_gan_face_avatars/preset
    ./scripts/causal_images --samples 50 --faces 40    # a look

A held-out judge reads labels off images: a classifier that was trained on drawn faces
of all 256 combinations of attributes, and checked here on others. The model has never
seen a woman with a mustache: `given` must find none, `do` must make them. Each share
stands beside its standard error, the bar that it must reach, and what the judge reads
right of drawn faces. Labels that are shuffled, and faces that are left as they were,
must miss.
"""

import argparse
import time

import quiet_tensorflow  # noqa: F401
import numpy as np
from causal import faces, images


def main(arguments=None):
    options = parse(arguments)
    start = time.perf_counter()
    report(faces.load(options.checkpoint), options)
    print(f"\nAll in {time.perf_counter() - start:.0f} s")


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", default=faces.PRESET, help="preset or .keras")
    parser.add_argument("--judge", help="folder of another classifier")
    parser.add_argument(
        "--samples", type=int, default=200, help="images of each condition"
    )
    parser.add_argument("--faces", type=int, default=200, help="to change")
    parser.add_argument("--copies", type=int, default=4, help="of each combination")
    parser.add_argument("--all", action="store_true", help="a row for each combination")
    return parser.parse_args(arguments)


def report(model, options, judge=None, scm=None):
    """Prints all figures; returns the list of `images.Share`s that have a bar."""
    side = model.signal_shape[0]
    judge = judge or faces.Judge(side, model.value_range, options.judge)
    scm = scm or faces.truth()
    best = report_judge(judge, side, scm, options)
    rows = report_labels(judge, model, scm, best, options)
    rows += report_counterfactuals(judge, model, scm, side, options)
    rows = [row for row in rows if row.bar is not None]
    missed = [row for row in rows if row.verdict == "MISSES"]
    print(f"\n{len(rows) - len(missed)} of {len(rows)} bars are met")
    return rows


def report_judge(judge, side, scm, options):
    """What the judge reads right of drawn faces; returns it for `images.shares`."""
    right, possible = images.judge_the_judge(judge, side, scm, options.copies)
    cells = ["".join(map(str, cell)) for cell in np.ndindex(*(2,) * len(faces.NAMES))]
    print(f"The judge on {right[0].size} drawn faces, {options.copies} of each of the")
    print(f"256 combinations of {', '.join(faces.NAMES)}")
    print(f"{'':<22}{'possible':>10}{'others':>10}  worst combination")
    best = {}
    for name, of_name in zip(faces.NAMES, right, strict=True):
        shares = [of_name[possible == seen].mean() for seen in (True, False)]
        best[name, True], best[name, False] = shares
        by_cell = of_name.mean(axis=1)
        worst = by_cell.argmin()
        print(
            f"{name:<22}{shares[0]:>10.4f}{shares[1]:>10.4f}  {by_cell[worst]:.2f} of "
            f"{cells[worst]}"
        )
    if options.all:
        for i, cell in enumerate(cells):
            by_name = "  ".join(f"{share:.2f}" for share in right[:, i].mean(axis=1))
            print(f"{cell}  {by_name}  {'' if possible[i] else 'never trained on'}")
    return best


def report_labels(judge, model, scm, best, options):
    samples = list(images.asked(model, scm, options.samples))
    print(f"\nLabels read back, {options.samples} images a condition\n{images.HEADER}")
    rows = list(images.shares(images.read_back(judge, scm, samples), best))
    rows += images.men_with_mustaches(judge, model, scm, 5 * options.samples)
    for row in rows:
        print(row.row(), flush=True)
    print("\nNegative control: labels of others, which must miss")
    shuffled = images.read_back(judge, scm, samples, shuffled=0)
    for name in faces.NAMES:
        right = [v for (_, of), (v, _) in shuffled.items() if of == name]
        share = float(np.concatenate(right).mean())
        control(f"all: {name}", images.Share(name, share, options.samples, images.SEEN))
    return rows


def report_counterfactuals(judge, model, scm, side, options):
    x, labels = images.people(scm, options.faces, side)
    start = time.perf_counter()
    found = model.abduct(x, seed=0, verbose=0)
    seconds = time.perf_counter() - start
    print(
        f"\nCounterfactuals of {len(x)} test faces, explained in {seconds:.0f} s, "
        f"{images.distance(found.generated, x):.4f} a pixel away"
    )
    same = np.mean([found.labels[name] == labels[name] for name in faces.NAMES])
    print(f"labels found: {same:.4f} of them right\n{images.HEADER}")
    rows = []
    for do in ({"Mustache": 1}, {"Eyeglasses": 1}):
        changed = model.counterfactual(found, do).x
        within = model.counterfactual(found, do, deviation=False).x
        drawn = images.changed_people(scm, labels, do, side)
        best = images.counterfactual_shares(judge, scm, x, labels, do, drawn, False)
        inside = images.counterfactual_shares(judge, scm, x, labels, do, within, False)
        some = list(images.counterfactual_shares(judge, scm, x, labels, do, changed))
        for row, other, in_range in zip(some, best, inside, strict=True):
            row.best = other.share
            print(f"{row.row():<98}in G's range: {in_range.share:.4f}", flush=True)
        print(
            f"a pixel's distance from the same face, drawn so: "
            f"{images.distance(changed, drawn):.4f}; of the face as it was: "
            f"{images.distance(x, drawn):.4f}"
        )
        left = next(images.counterfactual_shares(judge, scm, x, labels, do, x))
        control("faces left as they were: set", left)
        rows += some
    return rows


def control(what, share):
    """Prints a share that must miss its bar."""
    verdict = "misses, as it must" if share.verdict == "MISSES" else "NOT WRONG"
    print(f"{what:<44}{share.share:>8.4f}  {verdict}", flush=True)


if __name__ == "__main__":
    main()
