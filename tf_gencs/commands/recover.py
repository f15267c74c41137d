"""Recover signals from measurements.

y comes from a file, or images are measured on the spot.
"""

import json

from tf_gencs.commands import arguments as shared
from tf_gencs.commands import quiet, read, write

HELP = "recover signals from measurements"

EXAMPLES = """\
  tf-gencs recover --model mnist_vae --measurement gaussian --m 100 --seed 0 \\
      --y y.npy --output x.npy
  tf-gencs recover --model mnist_vae --A matrix.npy --y y.npy --output digits/
  tf-gencs recover --model mnist_vae --measurement mask --argument keep=0.3 \\
      --measure digit.png --noise 0.01 --output x.png --json
  cat y.npy | tf-gencs recover --model mnist_vae --measurement gaussian --m 100 \\
      --y - --output - > x.npy"""


def add(parser):
    shared.add_model(parser)
    shared.add_measurement(parser)
    source = parser.add_argument_group("what was measured")
    source = source.add_mutually_exclusive_group(required=True)
    source.add_argument("--y", help="measurements (batch, m): .npy, .npz with y, or -")
    source.add_argument(
        "--measure",
        nargs="+",
        metavar="FILE",
        help="images, folders of images or .npy of signals, to be measured by A; "
        "--noise is added",
    )
    parser.add_argument(
        "--resize",
        action="store_true",
        help="cut images of --measure to the model's proportions and size",
    )
    shared.add_recovery(parser)
    parser.add_argument("--batch-size", type=int, help="signals recovered at once")
    write.add(parser)
    parser.add_argument("--json", action="store_true", help="report as JSON")


def run(arguments):
    write.check(arguments)
    shared.check_files(arguments)
    read.check(arguments)
    quiet.load()
    from tf_gencs.recovery import Status

    model = shared.load_model(arguments.model)
    A = shared.load_measurement(arguments)
    model.compile(**shared.recovery(arguments))
    x = None
    if arguments.measure:
        x = read.signals(arguments.measure, model, arguments.resize)
        y = _measured(model, A, x, arguments)
    else:
        y = read.measurements(arguments.y)
    write.check(arguments, len(y))
    result = model.recover(
        y,
        A,
        batch_size=arguments.batch_size,
        seed=arguments.seed,
        verbose=0,
        return_result=True,
    )
    arrays = {
        name: getattr(result, name)
        for name in ("x", "z", "measurement_error", "status", "steps", "std")
        if getattr(result, name) is not None
    }
    write.write(arguments, arrays, model.value_range)
    rows = _rows(result, Status, x)
    if arguments.json:
        told = {"output": arguments.output, "seed": result.seed, "signals": rows}
        write.say(arguments, json.dumps(told))
    else:
        for row in rows:
            parts = (f"{name} {_short(value)}" for name, value in row.items())
            write.say(arguments, ", ".join(parts))
    return int(any(row.get("status") == Status.FAILED.name for row in rows))


def _measured(model, A, x, arguments):
    import numpy as np
    import tensorflow as tf

    from tf_gencs import layers, seeds

    A = layers.as_measurement(A, model.signal_shape, model.recovery_dtype)
    y = A(x)
    if arguments.noise:
        stream = seeds.stream(arguments.seed, "noise of the command line")
        error = tf.random.stateless_normal(tf.shape(y), stream, dtype=y.dtype)
        y += arguments.noise * error
    return np.asarray(y)


def _rows(result, status, x):
    """What there is to say of each signal: a list of dicts."""
    import numpy as np

    rows = []
    for i, error in enumerate(result.measurement_error):
        row = {"signal": i, "measurement_error": float(error)}
        row["explained"] = float(result.explained[i])
        if result.status is not None:
            row["status"] = status(int(result.status[i])).name
        if result.steps is not None:
            row["steps"] = int(result.steps[i])
        if x is not None:
            row["mse"] = float(np.mean((result.x[i] - x[i]) ** 2))
        rows.append(row)
    return rows


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else value
