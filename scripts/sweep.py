"""What the figures share: methods, runs that are computed once, tables, curves."""

import argparse
import collections
import csv
import pathlib
import typing
import warnings

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import places
import report
import tensorflow as tf

tf.get_logger().setLevel("ERROR")  # a sweep traces many graphs, which is no news

FIGURES = pathlib.Path(__file__).resolve().parent / "figures"
EXACT = 1e-6  # the MSE below which a signal counts as recovered

# A run is one method on one problem: the key under which its figures are kept.
Run = collections.namedtuple("Run", "method m noise seed signals")
Figures = collections.namedtuple("Figures", "mse std recovered seconds")


class Method(typing.NamedTuple):
    """One curve of a figure."""

    label: str
    style: str  # as matplotlib's `fmt`
    make: typing.Callable  # (problem, seed) -> recover(y, A)
    rival: bool = False  # whether "ours" must not be worse


def parse(documentation, methods, values, arguments=None, signals=300, seeds=(0, 1, 2)):
    """Options of a figure script; `methods` among them is a dict of the chosen ones.

    Args:
        documentation: of the script.
        methods: dict from names to each `Method` that it draws.
        values: dict from names of options to what the figure sweeps, as (default,
            quick) tuples of numbers.
        arguments: of the command line.
        signals: how many there are; all of them by default.
        seeds: what is run by default.
    """
    parser = argparse.ArgumentParser(description=documentation.splitlines()[0])
    parser.add_argument("--signals", type=int, help=f"at most {signals}, the default")
    told = " ".join(map(str, seeds))
    parser.add_argument("--seeds", type=int, nargs="+", help=f"default {told}")
    names = list(methods)
    parser.add_argument("--methods", nargs="+", choices=names, default=names)
    for name, (default, _) in values.items():
        kind = int if isinstance(default[0], int) else float
        text = f"default {' '.join(map(str, default))}"
        parser.add_argument(f"--{name}", type=kind, nargs="+", help=text)
    parser.add_argument(
        "--quick", action="store_true", help="20 signals, one seed, few points"
    )
    parser.add_argument(
        "--again", action="store_true", help="compute what the csv has already"
    )
    parser.add_argument(
        "--out",
        type=places.folder,
        help="folder of csv and picture; default scripts/figures, or build/figures "
        "with --quick",
    )
    options = parser.parse_args(arguments)
    quick = options.quick
    options.out = options.out or (pathlib.Path("build/figures") if quick else FIGURES)
    options.methods = {name: methods[name] for name in options.methods}
    options.seeds = options.seeds or ([0] if quick else list(seeds))
    if options.signals is None:
        options.signals = min(20, signals) if quick else signals
    for name, both in values.items():
        if getattr(options, name) is None:
            setattr(options, name, list(both[quick]))
    if not 1 <= options.signals <= signals:
        parser.error(
            f"--signals must be from 1 to {signals}. Received: {options.signals}"
        )
    return options


class Results:
    """Figures of runs, kept in a csv: an interrupted sweep goes on where it was."""

    def __init__(self, path):
        self._path = path
        self._figures = {}
        if path.exists():
            with path.open(newline="") as file:
                for row in csv.DictReader(file):
                    run = Run(
                        row["method"],
                        int(row["m"]),
                        float(row["noise"]),
                        int(row["seed"]),
                        int(row["signals"]),
                    )
                    figures = (float(row[name]) for name in Figures._fields)
                    self._figures[run] = Figures(*figures)

    def compute(self, options, measure, m, noise):
        """Fills in what is missing at one point of the sweep.

        Args:
            options: of `parse`.
            measure: function of (m, noise, seed) that gives a `report.Problem`.
            m, noise: the point.
        """
        for seed in options.seeds:
            problem = None
            for name, method in options.methods.items():
                run = Run(name, m, float(noise), seed, options.signals)
                if run in self._figures and not options.again:
                    continue
                problem = problem or measure(m, noise, seed)
                self._figures[run] = figures = _figures_of(run, method, problem)
                self._save()
                print(
                    f"m {m}, noise {noise:g}, seed {seed}, {name}: MSE "
                    f"{figures.mse:.5f} ({figures.seconds:.1f} s)",
                    flush=True,
                )

    def at(self, options, method, m, noise):
        """Figures over all seeds.

        The seeds share their images, so `std` is that of the images alone.
        """
        rows = [
            self._figures[Run(method, m, float(noise), seed, options.signals)]
            for seed in options.seeds
        ]
        mse, std, recovered, seconds = np.transpose(rows)
        root_mean_square = np.sqrt(np.mean(std**2))
        return Figures(mse.mean(), root_mean_square, recovered.mean(), seconds.mean())

    def _save(self):
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".part")
        with unfinished.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow((*Run._fields, *Figures._fields))
            for run, figures in sorted(self._figures.items()):
                writer.writerow((*run, *(f"{value:.6g}" for value in figures)))
        unfinished.replace(self._path)


def _figures_of(run, method, problem):
    with warnings.catch_warnings():
        # The reference's Lasso stops after 1000 iterations, converged or not.
        warnings.filterwarnings("ignore", message="Lasso with penalty")
        recover = method.make(problem, run.seed)
        outcome = report.evaluate(run.method, problem, recover)
    errors = outcome.errors
    recovered = float(np.mean(errors <= EXACT))
    return Figures(outcome.mse, float(errors.std()), recovered, outcome.seconds)


def markdown(header, columns, rows):
    """Prints a markdown table: `rows` is a dict from names to formatted cells."""
    print(f"\n| {header} | " + " | ".join(map(str, columns)) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name, cells in rows.items():
        print(f"| {name} | " + " | ".join(cells) + " |")


def _written(mse):
    return f"{mse:.5f}" if mse >= 1e-4 else f"{mse:.1e}"


def print_errors(results, options, header, points):
    """Prints MSE per method and point, and ours against the best of the others.

    Args:
        results: `Results`.
        options: of `parse`.
        header: of the table.
        points: dict from the heading of a column to (m, noise).
    """
    errors = {
        name: [results.at(options, name, *point).mse for point in points.values()]
        for name in options.methods
    }
    rows = {
        options.methods[name].label: [_written(mse) for mse in row]
        for name, row in errors.items()
    }
    others = [errors[name] for name, one in options.methods.items() if one.rival]
    if others and "ours" in errors:
        ratios = np.array(errors["ours"]) / np.min(others, axis=0)
        rows["ours / best of the others"] = [f"{ratio:.3f}" for ratio in ratios]
    markdown(header, points, rows)


def draw_errors(axis, results, options, positions, points, interval=True):
    """Draws MSE against positions, with 95 % confidence intervals over the signals."""
    for name, method in options.methods.items():
        figures = [results.at(options, name, *point) for point in points]
        mse = np.array([one.mse for one in figures])
        reach = 1.96 * np.array([one.std for one in figures])
        reach = reach / np.sqrt(options.signals) if interval else None
        # On a logarithmic axis a bar must end above 0.
        below = None if reach is None else np.minimum(reach, 0.9 * mse)
        bars = None if reach is None else (below, reach)
        axis.errorbar(
            positions, mse, bars, fmt=method.style, label=method.label, ms=4, capsize=2
        )
    axis.set_yscale("log")
    axis.set_ylabel("mean squared error per pixel")
    axis.grid(alpha=0.3)


def save(figure, options, name):
    """Writes the picture beside its csv."""
    figure.tight_layout()
    picture = options.out / f"{name}.png"
    figure.savefig(picture, dpi=100)
    plt.close(figure)
    print(f"\nPicture: {picture}")
