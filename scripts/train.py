"""Trains a generative model and writes it as a preset.

    ./scripts/train --family vae --data mnist --out runs/mnist_vae

The run folder holds the config, the log, the model after the last whole epoch (a run
that was stopped goes on from there when started again) and at the end the preset.
"""

import argparse
import json
import pathlib
import platform

import quiet_tensorflow  # noqa: F401
import keras
import numpy as np
import tensorflow as tf

import tf_gencs as gencs

# The last training images are held out: they choose nothing during training and give
# the preset's representation error.
SPLITS = {"mnist": ("train[:59000]", "train[59000:]")}


def main():
    options = parse()
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.json").write_text(json.dumps(vars(options), indent=2) + "\n")
    model = train(options, out)
    # Where files lay on one machine says nothing about the run.
    settings = {k: v for k, v in vars(options).items() if k not in ("out", "data_dir")}
    words = " ".join(f"--{k.replace('_', '-')} {v}" for k, v in settings.items())
    record = {
        "command": f"./scripts/train {words}",
        **settings,
        "splits": SPLITS[options.data],
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "metrics": measure(model, options),
    }
    model.save_to_preset(out / "preset", record)
    print(json.dumps(record["metrics"], indent=2))
    print(f"Preset written to {out / 'preset'}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", choices=["vae"], default="vae")
    parser.add_argument("--data", choices=sorted(SPLITS), default="mnist")
    parser.add_argument("--data-dir", help="tensorflow-datasets directory")
    parser.add_argument("--out", default="runs/mnist_vae", help="run folder")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--kl-warmup-epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def train(options, out):
    keras.utils.set_random_seed(options.seed)
    training_split, held_out_split = SPLITS[options.data]
    pipeline = {"batch_size": options.batch_size, "data_dir": options.data_dir}
    training = gencs.datasets.mnist(
        training_split, shuffle=True, seed=options.seed, **pipeline
    )
    held_out = gencs.datasets.mnist(held_out_split, **pipeline)
    steps = int(training.cardinality())
    latest = out / "latest.keras"
    if latest.exists():
        model = keras.saving.load_model(latest)
    else:
        model = compiled_vae(options, steps)
    model.fit(
        training,
        validation_data=held_out,
        initial_epoch=int(model.optimizer.iterations) // steps,
        epochs=options.epochs,
        shuffle=False,  # the pipeline shuffles
        verbose=2,
        callbacks=[
            keras.callbacks.CSVLogger(out / "log.csv", append=True),
            Checkpoint(latest),
        ],
    )
    return model


def compiled_vae(options, steps_per_epoch):
    model = gencs.models.VAE(seed=options.seed)
    schedule = keras.optimizers.schedules.CosineDecay(
        options.learning_rate, options.epochs * steps_per_epoch, alpha=0.01
    )
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        kl_warmup_steps=options.kl_warmup_epochs * steps_per_epoch,
    )
    return model


class Checkpoint(keras.callbacks.Callback):
    """Keeps the model of the last whole epoch, optimizer and seeds included.

    The file is replaced in one move: a run killed while writing loses one epoch only.
    """

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        temporary = self.path.with_name(f"writing_{self.path.name}")
        self.model.save(temporary)
        temporary.replace(self.path)


def measure(model, options):
    """Losses and representation error on the held-out training images."""
    _, held_out = SPLITS[options.data]
    batches = gencs.datasets.mnist(held_out, batch_size=500, data_dir=options.data_dir)
    losses = model.evaluate(batches, verbose=0, return_dict=True)
    images = np.concatenate(list(batches.as_numpy_iterator()))
    error = model.measure_representation_error(images, seed=options.seed)
    return {**losses, "representation_error": error}


if __name__ == "__main__":
    main()
