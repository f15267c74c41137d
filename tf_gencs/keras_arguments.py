"""Arguments of Keras's methods that would have no effect here are refused."""

import keras

from tf_gencs import checks, lookup
from tf_gencs.method import Method

_METRICS = ("metrics", "weighted_metrics")
_EXECUTION = ("run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss")

_OF_FIT = ("batch_size", "callbacks", "epochs", "shuffle", "validation_data", "verbose")
_SEARCHES = (
    "Settings of a search are arguments of its solver, "
    "`solver=gencs.solvers.LBFGS(steps=100, restarts=10)`"
)

_JUDGES = (
    "`gencs.metrics.evaluate(model, images)` judges what it makes, and "
    "`gencs.metrics.PSNR` what it recovers"
)


def check_one_device(model, method):
    """Raises ValueError for a model that a strategy spread over several devices."""
    count = model.distribute_strategy.num_replicas_in_sync
    if count > 1:
        raise ValueError(
            f"`{method}` of a {type(model).__name__} runs on one device: make it "
            f"outside of `strategy.scope()`. Received: a strategy of {count} replicas"
        )


def check_compile(name, given, unnamed=(), judges=_JUDGES, settings=_SEARCHES):
    """Checks what `given` to `compile` is for Keras, and refuses metrics.

    Args:
        name: of the model's class.
        given: dict of arguments.
        unnamed: arguments that came without a name, after the optimizers.
        judges: what is there in place of metrics, in words.
        settings: where settings that are looked for here are, in words.

    Raises:
        TypeError: those, or one that has no meaning.
        ValueError: a wrong value.
    """
    if unnamed:
        raise TypeError(
            "`compile` must get all but optimizers by name: the `loss` of Keras is not "
            f"the `loss` here, which compares y with A(G(z)), and a {name} has its own "
            f"for training. Received: {unnamed!r} without a name"
        )
    unknown = set(given) - {*_METRICS, *_EXECUTION}
    if unknown:
        of_fit = sorted(unknown & set(_OF_FIT))
        others = f"`fit` takes {of_fit}. " if of_fit else ""
        raise TypeError(
            f"`compile` must get what it knows: not {sorted(unknown)}. {others}"
            f"{settings}, those of an optimizer its own. Received: "
            + ", ".join(f"{key}={given[key]!r}" for key in sorted(unknown))
        )
    for argument in _METRICS:
        metrics = given.get(argument)
        if metrics is not None and (checks.has_axes(metrics) or metrics):
            raise ValueError(
                f"`{argument}` must be None: a {name} computes its own while it "
                f"trains; {judges}. Received: {given[argument]!r}"
            )
    checks.flag(given.get("run_eagerly", False), "run_eagerly")
    checks.flag(given.get("auto_scale_loss", True), "auto_scale_loss")
    checks.integer(given.get("steps_per_execution", 1), "steps_per_execution")
    jit_compile = given.get("jit_compile", "auto")
    if not (isinstance(jit_compile, str) and jit_compile == "auto"):
        checks.flag(jit_compile, "jit_compile")


def optimizer_of(identifier, argument, default=None):
    """A Keras optimizer by name, config or itself; None for the default.

    Raises:
        ValueError: anything else.
    """
    if identifier is None:
        return default
    try:
        return keras.optimizers.get(identifier)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        method = isinstance(identifier, Method)
        way_out = "; ways to recover are given as `solver`" if method else ""
        raise ValueError(
            f"`{argument}` must be a Keras optimizer, its name or None{way_out}. "
            f"Received: {lookup.received(identifier)}"
        ) from error


def check_trains(model, method):
    """Refuses training, and a test of it, for a class that says not how."""
    own = type(model).compute_loss is not keras.Model.compute_loss
    if not own:
        raise ValueError(f"`{method}` is not possible: {_untrained(model)}.")


def check_needed(optimizer, model):
    """Refuses an optimizer for a class that says not how it is trained.

    Raises:
        ValueError: it would have no effect.
    """
    if optimizer is not None:
        raise ValueError(
            f"`optimizer` must be None: {_untrained(model)}. Ways to recover are given "
            f"as `solver`. Received: {optimizer!r}"
        )


def _untrained(model):
    return (
        f"a {type(model).__name__} does not say how it is trained. Train the generator "
        "before, as the Keras model that it is, or subclass and write `train_step`; "
        "`gencs.models` has families that train"
    )


def check_callbacks(callbacks):
    """Refuses callbacks of a GAN that look at a `loss`, which it has not."""
    for callback in keras.tree.flatten(getattr(callbacks, "callbacks", callbacks)):
        if isinstance(callback, keras.callbacks.TerminateOnNaN):
            raise ValueError(
                "`callbacks` must hold `gencs.callbacks.StopOnNaN()` in place of "
                "`keras.callbacks.TerminateOnNaN()`, which looks at `loss` alone: a "
                "GAN has `d_loss` and `g_loss`."
            )


def check_rates(callbacks, **optimizers):
    """Refuses callbacks that would set a rate which follows a schedule.

    Args:
        callbacks: as for `fit`.
        **optimizers: by the names that `compile` has for them.
    """
    setters = (
        keras.callbacks.LearningRateScheduler,
        keras.callbacks.ReduceLROnPlateau,
    )
    schedule = keras.optimizers.schedules.LearningRateSchedule
    for callback in keras.tree.flatten(getattr(callbacks, "callbacks", callbacks)):
        for name, optimizer in optimizers.items():
            inner = getattr(optimizer, "inner_optimizer", optimizer)
            scheduled = isinstance(getattr(inner, "_learning_rate", None), schedule)
            if isinstance(callback, setters) and scheduled:
                raise ValueError(
                    "`callbacks` must leave rates alone that follow a schedule: "
                    f"compile with `{name}=keras.optimizers.Adam(1e-4)`, say, whose "
                    f"rate can be set. Received: {type(callback).__name__}"
                )


def images_of(data, name):
    """The images of what a training or test step is given.

    Args:
        data: x, (x, labels), or with sample weights of None.
        name: of the model's class.

    Raises:
        ValueError: sample or class weights.
    """
    x, _, weights = keras.utils.unpack_x_y_sample_weight(data)
    if weights is not None:
        raise ValueError(
            f"`sample_weight` and `class_weight` must be None: a {name} learns from "
            "all images alike. Give images that count more more often, by "
            "`tf.data.Dataset.sample_from_datasets` say."
        )
    return x
