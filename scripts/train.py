"""Trains a generative model and writes it as a preset.

    ./scripts/train --family vae --data mnist
    ./scripts/train --family dcgan --data face_avatars --steps 20000
    ./scripts/train --family began --data folder --folder photos --out runs/photos
    ./scripts/train --config runs/photos/config.json --seed 1 --out runs/photos_1

The run folder holds

    config.json    all settings, for --config
    log.csv        losses by step
    samples/       grids of the same latents as training goes on
    checkpoints/   the newest two, whole models with all training state
    preset/        at the end: the model and the record of how it was made

A run that was stopped, by Ctrl-C or anything else, goes on from its last checkpoint
when started again, and ends in the same bits as one that was never stopped.
"""

import sys
import warnings

import quiet_tensorflow  # noqa: F401
import tensorflow as tf
from training import settings
from training.run import run


def main(arguments=None):
    told = settings.parse(arguments)
    # Where in the code a warning arose means nothing to who reads the log.
    warnings.formatwarning = lambda message, *_, **__: f"warning: {message}\n"
    if told["threads"] is not None:
        tf.config.threading.set_intra_op_parallelism_threads(told["threads"])
        tf.config.threading.set_inter_op_parallelism_threads(told["threads"])
    # Without it a GPU adds up in another order each time.
    tf.config.experimental.enable_op_determinism()
    try:
        ended = run(told)
    except (ImportError, OSError, ValueError) as error:
        sys.exit(f"train: {error}")
    except KeyboardInterrupt:
        sys.exit("train: stopped between checkpoints; the same command goes on")
    if not ended:
        sys.exit(1)


if __name__ == "__main__":
    main()
