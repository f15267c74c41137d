"""Ctrl-C for graphs: loops ask whether to go on, programs know of no thread."""

import contextlib
import threading

_local = threading.local()


@contextlib.contextmanager
def watched(flag):
    """Graphs traced within end their loops soon after `flag` became True.

    Args:
        flag: boolean `tf.Variable`.
    """
    outer = getattr(_local, "flag", None)
    _local.flag = flag
    try:
        yield
    finally:
        _local.flag = outer


def requested():
    """Whether to stop: a boolean tensor where somebody watches, else False."""
    flag = getattr(_local, "flag", None)
    return False if flag is None else flag.read_value()
