"""Imports TensorFlow without its start-up lines; scripts import this module first.

TensorFlow's libraries write to the standard error stream while they load, before any
log level is heeded (so TF_CPP_MIN_LOG_LEVEL cannot keep those lines off the screen).
"""

import os
import tempfile


def _import_tensorflow():
    screen = os.dup(2)
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except BaseException:
            held_back.seek(0)
            os.write(screen, held_back.read())
            raise
        finally:
            os.dup2(screen, 2)
            os.close(screen)


_import_tensorflow()
