"""Proves a bulk recovery: killed at random, it loses and doubles no record.

    ./scripts/bulk_recovery [--records 5000] [--kills 10] [--m 100] [--seed 0]

Makes measurements of digits as TFRecords, some of them malformed, and an export. Runs
`tf-gencs recover-bulk` to its end, and times it beside `recover` in this process, on
the same y. Then runs it again elsewhere, kills the whole group of its processes by
SIGKILL at random times, and starts it again, as often as --kills says and then to its
end. Counts the records by id, and compares the answers with those of the run that was
never killed: at most TOLERANCE of the range of x may be between them. Needs the
extra `beam`. `--kills 0` only times; `--ops native` exports our own
operations.
"""

import argparse
import collections
import hashlib
import importlib.util
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import quiet_tensorflow  # noqa: F401
import numpy as np
import tensorflow as tf

import tf_gencs as gencs

# Of the range of x, between answers of the same y and seed: what rounding does where
# threads add in another order.
TOLERANCE = 1e-3

MALFORMED = 3  # of every input file

FILES = 4

GOAL = 0.9  # of the speed of `recover`


def main():
    options = parse()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        folder = pathlib.Path(folder)
        model = gencs.models.VAE.from_preset("mnist_vae")
        A = gencs.layers.GaussianMeasurement(options.m, seed=options.seed)
        y = measured(A, options)
        expected = write(folder, y, options)
        model.export_recovery(folder / "export", A, ops=options.ops)
        speed(folder, model, A, y, options)
        whole = read(folder / "whole")
        ok = counted("uninterrupted", whole, expected)
        if options.kills:
            killed_at = kills(folder, options)
            print(f"killed {len(killed_at)} times, after {', '.join(killed_at)} shards")
            found = read(folder / "killed")
            ok &= counted("killed", found, expected)
            ok &= same(whole, found)
    print("ok" if ok else "NOT OK")
    raise SystemExit(not ok)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--m", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ops", choices=("core", "native"), default="core")
    parser.add_argument("--folder", help="where to work; a temporary one goes there")
    if importlib.util.find_spec("apache_beam") is None:
        parser.error("needs Apache Beam: pip install 'tf-gencs[beam]'")
    return parser.parse_args()


def measured(A, options):
    """y of digits, each with noise of its own."""
    images, _ = gencs.datasets.mnist_samples()
    rng = np.random.default_rng(options.seed)
    clean = A(images).numpy()[rng.integers(len(images), size=options.records)]
    return clean + 0.01 * rng.normal(size=clean.shape).astype("float32")


def write(folder, y, options):
    """Writes the inputs: the ids of good records, and how many are not."""
    ids, bad = set(), 0
    for number, rows in enumerate(np.array_split(np.arange(len(y)), FILES)):
        with tf.io.TFRecordWriter(str(folder / f"y-{number}.tfrecord")) as writer:
            for row in rows:
                ids.add(f"digit-{row}")
                writer.write(example(y[row], f"digit-{row}"))
            for numbers in ([np.nan] * options.m, [0.0], None)[:MALFORMED]:
                writer.write(b"\x01no example" if numbers is None else example(numbers))
                bad += 1
    return ids, bad


def example(numbers, own=None):
    features = {"y": tf.train.Feature(float_list=tf.train.FloatList(value=numbers))}
    if own is not None:
        text = tf.train.BytesList(value=[own.encode()])
        features["id"] = tf.train.Feature(bytes_list=text)
    features = tf.train.Features(feature=features)
    return tf.train.Example(features=features).SerializeToString()


def speed(folder, model, A, y, options):
    """Times a run to its end beside `recover` of the same y.

    It is told and not judged: on a machine that does other things it proves nothing.
    """
    start = time.perf_counter()
    done = start_run(folder, "whole", options)
    said, _ = done.communicate()
    seconds = time.perf_counter() - start
    told = json.loads(said)
    assert done.returncode == 1, "malformed records must be told by the exit code"
    model.recover(y[:64], A, seed=0, verbose=0)  # traces
    start = time.perf_counter()
    model.recover(y, A, seed=0, verbose=0)
    in_process = len(y) / (time.perf_counter() - start)
    bulk = told["recovered"] / told["seconds"]
    print(
        f"{len(y)} digits, m = {options.m}, export of {options.ops} operations: bulk "
        f"{bulk:.0f}/s ({len(y) / seconds:.0f}/s with the start of the process), "
        f"recover {in_process:.0f}/s ({gencs.ops.backend()}), ratio "
        f"{bulk / in_process:.2f} (goal {GOAL})"
    )


def start_run(folder, output, options):
    """A run in a group of processes of its own."""
    # Many, so that kills fall into different ones; both runs have the same batches, so
    # that their answers are alike to the rounding of threads.
    shard_rows = max(1, min(1024, options.records // 40))
    command = [sys.executable, "-m", "tf_gencs", "recover-bulk", "--json", "--quiet"]
    command += ["--model", folder / "export", "--input", folder / "y-*.tfrecord"]
    command += ["--output", folder / output, "--shard-rows", shard_rows]
    return subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if output == "killed" else None,
        text=True,
        start_new_session=True,
        cwd=pathlib.Path(__file__).parents[1],
    )


def kills(folder, options):
    """Kills a run at random times until it was killed often enough; then lets it end.

    Where a kill came too early for any shard to be done, the next one may come later.
    """
    stream, shards = random.Random(options.seed), []
    while len(shards) < options.kills:
        before = done_shards(folder)
        run = start_run(folder, "killed", options)
        # Somewhere from the first shard of this start to a few later ones.
        wanted = before + stream.choice((0, 1, 1, 2, 3))
        while run.poll() is None and done_shards(folder) < wanted:
            time.sleep(0.02)
        time.sleep(stream.uniform(0, 0.5))
        if run.poll() is not None:
            break  # it was at its end
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        shards.append(str(done_shards(folder)))
    run = start_run(folder, "killed", options)
    _, errors = run.communicate()
    assert run.returncode == 1, errors
    return shards


def done_shards(folder):
    reports = (folder / "killed.run").glob("[0-9]*.json")
    return sum(1 for _ in reports)


def read(output):
    """All answers of a run, as they lie in its files: a list of pairs of id and x."""
    found = []
    for path in sorted(output.parent.glob(f"{output.name}-*-of-*.tfrecord")):
        for record in tf.data.TFRecordDataset(str(path)):
            features = tf.train.Example.FromString(record.numpy()).features.feature
            own = features["id"].bytes_list.value[0].decode()
            found.append((own, np.array(features["x"].float_list.value, "float32")))
    left = [*output.parent.glob("writing_*"), *output.parent.glob("*.run/writing_*")]
    assert not left, left
    letters = output.with_name(f"{output.name}-dead-letters.jsonl")
    return found, len(letters.read_text().splitlines())


def counted(name, run, expected):
    """Whether each record is there once, and each malformed one told of once."""
    (found, dead), (ids, bad) = run, expected
    counts = collections.Counter(own for own, _ in found)
    lost = len(ids - set(counts))
    doubled = sum(count - 1 for count in counts.values())
    digest = hashlib.sha256("\n".join(sorted(counts)).encode()).hexdigest()[:16]
    print(
        f"{name}: {len(found)} answers, {lost} lost, {doubled} doubled, {dead} of "
        f"{bad} dead letters, SHA-256 of the ids {digest}"
    )
    return not (lost or doubled or dead != bad or set(counts) != ids)


def same(whole, found):
    """Whether the answers of both runs are alike."""
    x = dict(whole[0])
    gap = max(np.abs(x[own] - other).max() for own, other in found[0])
    alike = sum(np.array_equal(x[own], other) for own, other in found[0])
    print(
        f"largest difference of any pixel {gap:.2g} (allowed {TOLERANCE:g}); "
        f"{alike} of {len(x)} answers to the bit"
    )
    return bool(gap <= TOLERANCE)


if __name__ == "__main__":
    main()
