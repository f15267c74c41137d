"""Methods by name: what `compile(solver="lbfgs")` looks up."""

import keras

from tf_gencs import lookup
from tf_gencs.method import Method

_BY_NAME = {}


def register(*names):
    """Decorates a class of methods, which users may then name by a string.

    Example:

    ```python
    @gencs.solvers.register("patient")
    class Patient(gencs.solvers.LBFGS):
        def __init__(self, steps=1000, **kwargs):
            super().__init__(steps=steps, **kwargs)

    model.compile(solver="patient")
    ```
    """

    def add(cls):
        _BY_NAME.update(dict.fromkeys(names, cls))
        return cls

    return add


def get(identifier, argument="solver", kind=Method):
    """Turns a name such as "lbfgs", a method or a serialised one into a method.

    Args:
        identifier: one of them.
        argument: its name, for the error message.
        kind: class that it must have.

    Raises:
        TypeError: `identifier` is none of them.
        ValueError: an unknown name.

    Example:

    ```python
    solver = gencs.solvers.get("adam")  # Adam(learning_rate=0.01, steps=1000, ...)
    ```
    """
    if isinstance(identifier, keras.optimizers.Optimizer):
        raise TypeError(
            f"`{argument}` must be one of `gencs.solvers`, such as "
            "`gencs.solvers.Adam(0.01, steps=1000)`, which searches latents; an "
            f"optimizer of Keras trains. Received: {identifier!r}"
        )
    example = "gencs.solvers.LBFGS(steps=100)"
    by_name = dict(sorted(_BY_NAME.items()))
    return lookup.find(identifier, by_name, kind, argument, example)
