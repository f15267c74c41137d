"""From people to pixels, over all cores."""

import concurrent.futures
import json
import os
import subprocess
import sys

import numpy as np
import tensorflow as tf

from tf_gencs.datasets.avatars import drawing

__all__ = ["SIZE", "import_drawing_packages", "render_faces"]

SIZE = 64
# Drawn larger and averaged: edges drawn at 64 pixels at once alias.
_SCALE = 2
_CHUNK = 100


def import_drawing_packages():
    """Raises ImportError with the way out unless faces can be drawn."""
    try:
        import python_avatars  # noqa: F401
        import resvg_py  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Drawing faces needs python-avatars and resvg-py. Install them with "
            '`pip install "tf_gencs[datasets]"` or `pip install python-avatars '
            "resvg-py`. Some faces come with the package: "
            "`tf_gencs.datasets.face_avatars_samples()`."
        ) from error


def render_faces(people, processes=None):
    """Draws faces, in order.

    Processes draw, not threads: composing a drawing is Python. They are fresh ones
    that know nothing of TensorFlow, which neither survives a fork nor starts fast.

    Args:
        people: sequence of `(attributes, nuisances)`, see `drawing.face_svg`.
        processes: how many draw at once; None for one a core, 0 for this one.

    Yields:
        uint8 arrays (64, 64, 3).

    Raises:
        ImportError: python-avatars or resvg-py is not installed.
        RuntimeError: a process failed; the message has its words.
    """
    import_drawing_packages()
    if processes is None:
        processes = _cores()
    if not processes:
        for attributes, nuisances in people:
            yield _pixels(drawing.face_png(attributes, nuisances, SIZE * _SCALE))
        return
    chunks = [people[i : i + _CHUNK] for i in range(0, len(people), _CHUNK)]
    with concurrent.futures.ThreadPoolExecutor(processes) as pool:
        try:
            for pngs in pool.map(_draw_in_a_process, chunks):
                yield from map(_pixels, pngs)
        finally:  # whoever stops early does not wait for the rest
            pool.shutdown(wait=False, cancel_futures=True)


def _draw_in_a_process(people):
    job = json.dumps({"size": SIZE * _SCALE, "people": people})
    done = subprocess.run(
        [sys.executable, drawing.__file__], input=job.encode(), capture_output=True
    )
    if done.returncode:
        raise RuntimeError(f"Drawing faces failed: {done.stderr.decode()[-2000:]}")
    pngs, rest = [], memoryview(done.stdout)
    while rest:
        end = 4 + int.from_bytes(rest[:4], "big")
        pngs.append(bytes(rest[4:end]))
        rest = rest[end:]
    return pngs


def _pixels(png):
    large = tf.io.decode_png(png, channels=3).numpy().astype(np.float32)
    blocks = large.reshape(SIZE, _SCALE, SIZE, _SCALE, 3)
    return np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)


def _cores():
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1
