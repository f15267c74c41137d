"""Arguments that several commands share: the model and A."""

import argparse
import contextlib
import inspect
import json

from tf_gencs.commands import read

# Names of measurements on the line, and their classes.
MEASUREMENTS = {
    "blur_downsample": "BlurDownsample",
    "circulant": "CirculantMeasurement",
    "cosine": "CosineMeasurement",
    "fourier": "FourierMeasurement",
    "gaussian": "GaussianMeasurement",
    "grayscale": "GrayscaleMeasurement",
    "hadamard": "HadamardMeasurement",
    "identity": "IdentityMeasurement",
    "mask": "MaskMeasurement",
    "projection": "ProjectionMeasurement",
    "rademacher": "RademacherMeasurement",
}


def add_model(parser):
    parser.add_argument(
        "--model",
        required=True,
        help="name of a preset (see `tf-gencs presets`), a folder of "
        "`save_to_preset`, or a .keras file",
    )


def add_measurement(parser):
    """A, by name and arguments or from a file."""
    group = parser.add_argument_group("what measures (A)")
    group = group.add_mutually_exclusive_group(required=True)
    group.add_argument(
        "--measurement", choices=sorted(MEASUREMENTS), help="a measurement by name"
    )
    group.add_argument(
        "--A",
        metavar="FILE",
        help="a matrix (.npy), a Keras model (.keras), or the config of a layer, of "
        "`keras.saving.serialize_keras_object` (.json)",
    )
    parser.add_argument("--m", type=int, help="how many measurements, of --measurement")
    parser.add_argument(
        "--argument",
        action="append",
        type=_pair,
        default=[],
        metavar="NAME=VALUE",
        help="another argument of --measurement, such as keep=0.5; may come again",
    )


def add_recovery(parser):
    """How `compile` says that signals are recovered."""
    parser.add_argument("--solver", default="auto", help="by name; 'auto' is the best")
    parser.add_argument(
        "--loss",
        default="sse",
        help="between y and A(x), by name: sse for squares, l1 where y has outliers, "
        "poisson for counts, amplitude where signs are lost (sse)",
    )
    parser.add_argument(
        "--noise",
        type=float,
        help="standard deviation of the noise in each measurement, if known",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of all that is random, of A too (0)"
    )


def _pair(text):
    name, equals, value = text.partition("=")
    if not (equals and name.isidentifier()):
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE. Received: {text!r}")
    with contextlib.suppress(ValueError):
        value = json.loads(value)
    return name, value


def check_files(arguments):
    """Refuses a .keras file or an A that is not there, before TensorFlow is loaded."""
    if arguments.model.endswith(".keras"):
        read.there(arguments.model, "--model")
    if getattr(arguments, "A", None) is not None:
        _file_of_A(arguments)


def recovery(arguments):
    """What `add_recovery` asked for, as arguments of `compile`."""
    return {name: getattr(arguments, name) for name in ("solver", "loss", "noise")}


def load_model(name):
    """The model of a preset or a file."""
    import keras

    from tf_gencs import models

    if not name.endswith(".keras"):
        return models.SignalModel.from_preset(name)
    path = read.there(name, "--model")
    try:
        model = keras.saving.load_model(path)
    except (KeyError, OSError, TypeError) as error:
        raise ValueError(f"--model cannot be loaded from {path}: {error}") from error
    if isinstance(model, models.SignalModel):
        return model
    return models.GenerativeModel(model)


def load_measurement(arguments):
    """A, of which nothing is built yet."""
    import keras
    import numpy as np

    from tf_gencs import layers

    if arguments.A is None:
        return _by_name(layers, arguments)
    path = _file_of_A(arguments)
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False)
    if path.suffix == ".keras":
        return keras.saving.load_model(path)
    try:
        return keras.saving.deserialize_keras_object(json.loads(path.read_text()))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"--A must be the config of a layer. Received: {path}: {error}"
        ) from error


def _by_name(layers, arguments):
    cls = getattr(layers, MEASUREMENTS[arguments.measurement])
    known = inspect.signature(cls).parameters
    given = dict(arguments.argument)
    if arguments.m is not None:
        given["measurements"] = arguments.m
    unknown = [name for name in given if name not in known]
    if unknown:
        names = [name for name in known if name != "kwargs"]
        raise ValueError(
            f"--measurement {arguments.measurement} takes {names or 'no arguments'}"
            f"{', where --m is `measurements`' * ('measurements' in names)}. "
            f"Received: {unknown}"
        )
    missing = [
        name
        for name, parameter in known.items()
        if parameter.default is parameter.empty
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        and name not in given
    ]
    if missing:
        needed = ["--m" if n == "measurements" else f"--argument {n}=" for n in missing]
        raise ValueError(
            f"--measurement {arguments.measurement} needs {' and '.join(needed)}."
        )
    draws = cls is not layers.MaskMeasurement or "keep" in given
    if "seed" in known and draws:
        given.setdefault("seed", arguments.seed)
    return cls(**given)


def _file_of_A(arguments):
    if arguments.m is not None or arguments.argument:
        raise ValueError("--m and --argument go with --measurement, not with --A.")
    path = read.there(arguments.A, "--A")
    if path.suffix not in (".npy", ".keras", ".json"):
        raise ValueError(f"--A must be a .npy, .keras or .json file. Received: {path}")
    return path
