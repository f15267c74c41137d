"""Whether something is kept that nobody uses."""

import gc


def freed(make):
    """Whether the thing is gone to which `make()` returns a weak reference."""
    gc.freeze()  # what other tests left takes seconds to look through
    try:
        reference = make()
        gc.collect()
    finally:
        gc.unfreeze()
    return reference() is None
