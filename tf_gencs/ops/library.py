"""Loads the native op library on import, or explains at the first use why it cannot.

Graphs from files (`tf.saved_model.load`) find the ops that they are made of only if the
library has been loaded, and nothing tells of their coming. Who needs no op hears
nothing of a library that cannot be loaded.

TensorFlow promises no binary compatibility between its minor versions, so the version
that the library was built for is compared with the one that runs before the library is
opened: a mismatch would end in an undefined symbol, or worse.
"""

import contextlib
import contextvars
import json
import os
import pathlib
import threading
import warnings

import tensorflow as tf

NATIVE_DTYPES = (tf.float32, tf.float64)

_FOLDER = pathlib.Path(__file__).parent
_LIBRARY = "_gencs_ops.so"
_BUILD_INFO = "build_info.json"

_lock = threading.Lock()
_native = None
_unsaid = None  # why it could not be loaded, until somebody needs it
_forced_twins = contextvars.ContextVar("tf_gencs_forced_twins", default=False)


def native(dtype=tf.float32):
    """Returns the module of native ops, or None where twins must do.

    Where the library could not be loaded, the first call warns once and for all.

    Args:
        dtype: of the numbers to work on; native ops know `NATIVE_DTYPES` only.
    """
    global _unsaid
    if dtype not in NATIVE_DTYPES or _forced_twins.get():
        return None
    if _unsaid is not None:
        with _lock:
            message, _unsaid = _unsaid, None
        if message is not None:
            warnings.warn(message, RuntimeWarning, stacklevel=3)
    return _native


def backend():
    """Says what runs the ops: "cuda", "cpu" or "twin".

    Returns:
        "cuda" if the native library was built with CUDA and TensorFlow sees a GPU,
        "cpu" if only its CPU kernels can run, "twin" if plain TensorFlow stands in for
        it.

    Example:

    ```python
    gencs.ops.backend()  # "cpu", say
    ```
    """
    if native() is None:
        return "twin"
    if build_info().get("cuda") and tf.config.list_physical_devices("GPU"):
        return "cuda"
    return "cpu"


@contextlib.contextmanager
def twins():
    """Within this context, everything is built from core TensorFlow ops.

    For graphs that must run where the native library is not, such as TensorFlow
    Serving, and to compare native ops with their twins. It decides while a function
    is traced: a `tf.function` traced before keeps the ops it has.

    Example:

    ```python
    with gencs.ops.twins():
        gencs.ops.backend()  # "twin"
        A(x)  # the same numbers as outside, up to rounding
    ```
    """
    token = _forced_twins.set(True)
    try:
        yield
    finally:
        _forced_twins.reset(token)


def library_path():
    """Path of the op library, for other processes to load: a `pathlib.Path`.

    Example:

    ```python
    gencs.ops.library_path()  # .../tf_gencs/ops/_gencs_ops.so
    ```
    """
    return _FOLDER / _LIBRARY


def build_info():
    """Returns what the build recorded: a dict with tensorflow, compiler and cuda."""
    try:
        return json.loads((_FOLDER / _BUILD_INFO).read_text())
    except (OSError, ValueError):
        return {}


def load():
    """Loads the library, which registers its ops; what goes wrong is said later.

    It takes a fiftieth of a second and leaves TensorFlow's devices alone.
    """
    global _native, _unsaid
    _native = _unsaid = None
    if os.environ.get("TF_GENCS_NATIVE", "1") == "0":
        return
    problem, cause = _problem_before_loading(), None
    if problem is None:
        try:
            _native = tf.load_op_library(str(_FOLDER / _LIBRARY))
            return
        except (tf.errors.OpError, OSError) as error:
            problem = "cannot be loaded"
            cause = str(error).strip().splitlines()[0]
    _unsaid = _explanation(problem, cause)


def _problem_before_loading():
    if not (_FOLDER / _LIBRARY).exists():
        return "is missing"
    built_for = build_info().get("tensorflow")
    if built_for is None:
        return f"has no readable {_BUILD_INFO} beside it"
    if _minor(built_for) != _minor(tf.__version__):
        return "does not fit"
    return None


def _minor(version):
    return version.split(".")[:2]


def _explanation(problem, cause):
    built_for = build_info().get("tensorflow")
    details = f" ({cause})" if cause else ""
    return (
        f"The native op library of tf_gencs {problem}{details}. It was built for "
        f"TensorFlow {built_for or 'unknown'}; TensorFlow {tf.__version__} runs here. "
        "Plain TensorFlow stands in for it: same results, slower. Ways out: install "
        "the tf-gencs wheel for this TensorFlow; or rebuild from source with `pip "
        "install --no-build-isolation .` (needs g++ and cmake); or set "
        "TF_GENCS_NATIVE=0 to stay with plain TensorFlow and silence this warning."
    )
