"""Keeps off the screen what libraries say of themselves while they load."""

import contextlib
import logging
import os
import sys
import tempfile
import warnings


@contextlib.contextmanager
def quiet():
    """Holds back the standard error stream within; shows it where loading fails.

    Libraries of C++ write there before any log level is heeded.
    """
    sys.stderr.flush()
    screen = os.dup(2)
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except BaseException:
            held_back.seek(0)
            os.write(screen, held_back.read())
            raise
        finally:
            os.dup2(screen, 2)
            os.close(screen)


def load():
    """Imports what a command needs, and all classes that files may hold."""
    with quiet():
        from tf_gencs import baselines, causal, models, serving  # noqa: F401
    logging.getLogger().setLevel(logging.ERROR)
