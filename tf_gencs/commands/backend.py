"""Say what runs natively here, and why not; versions; optional packages."""

import importlib.metadata
import json
import platform
import warnings

from tf_gencs.commands import quiet

HELP = "say what runs natively, versions, and why not"

EXAMPLES = """\
  tf-gencs backend
  tf-gencs backend --json
  TF_GENCS_NATIVE=0 tf-gencs backend"""

# Packages that extras ask for.
_OPTIONAL = {
    "baselines": "scikit-learn",
    "beam": "apache-beam",
    "causal": "networkx",
    "datasets": "tensorflow-datasets",
    "figures": "matplotlib",
    "serving": "tensorflow-serving-api",
}


def add(parser):
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments):
    quiet.load()
    import keras
    import tensorflow as tf

    from tf_gencs import ops
    from tf_gencs.ops import library

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        backend = ops.backend()
    found = {
        "backend": backend,
        "why": _why(backend, said),
        "library": str(ops.library_path()),
        "built_for": library.build_info(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "gpus": [device.name for device in tf.config.list_physical_devices("GPU")],
        "extras": {extra: _version(name) for extra, name in _OPTIONAL.items()},
    }
    if arguments.json:
        print(json.dumps(found))
        return
    what = {
        "cuda": "native operations, on a GPU",
        "cpu": "native operations, on the CPU",
        "twin": "TensorFlow's own operations: same results, slower",
    }
    print(f"{backend}: {what[backend]}")
    if found["why"]:
        print(f"why: {found['why']}")
    built = ", ".join(f"{name} {value}" for name, value in found["built_for"].items())
    print(f"library: {found['library']} ({built or 'no record of its build'})")
    for name in ("python", "tensorflow", "keras"):
        print(f"{name}: {found[name]}")
    print(f"GPUs: {', '.join(found['gpus']) or 'none that TensorFlow sees'}")
    for extra, version in found["extras"].items():
        way_out = f"not installed: pip install tf-gencs[{extra}]"
        print(f"extra {extra}: {_OPTIONAL[extra]} {version or way_out}")


def _why(backend, said):
    """Why no faster backend runs; None where there is none."""
    if backend == "cuda":
        return None
    if backend == "cpu":
        return "TensorFlow sees no GPU, or the library was built without CUDA"
    if said:
        return str(said[0].message)
    return "TF_GENCS_NATIVE=0 asks for it"


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
