"""Trains the classifier `mnist` further, against attacks in pixels and in range.

    ./scripts/train_robust_classifier --out runs/mnist_robust

`gencs.defence.ManifoldAdversarialTraining` with preset mnist_vae (3 minutes on two
cores); what it writes `gencs.metrics.classifier(folder)` loads. `mnist_robust` was
made so.
"""

import argparse
import json
import pathlib

import quiet_tensorflow  # noqa: F401
import keras
import numpy as np
import places
from records import record_of

import tf_gencs as gencs
from tf_gencs.metrics.shipped_classifiers import save_classifier


def main(arguments=None):
    options = parse(arguments)
    keras.utils.set_random_seed(options.seed)
    model = gencs.models.GenerativeModel.from_preset("mnist_vae")
    classifier = gencs.metrics.classifier("mnist")
    training = gencs.defence.ManifoldAdversarialTraining(
        model,
        classifier,
        eps=options.eps,
        steps=options.attack_steps,
        weight=options.weight,
        seed=options.seed,
    )
    rate = keras.optimizers.schedules.CosineDecay(
        options.learning_rate, options.training_steps
    )
    training.compile(
        keras.optimizers.Adam(rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    data = gencs.datasets.mnist(
        "train",
        labels=True,
        data_dir=options.data_dir,
        batch_size=options.batch_size,
        shuffle=True,
        seed=options.seed,
    )
    data = data.repeat().take(options.training_steps)
    training.fit(
        data,
        steps_per_epoch=options.training_steps,
        shuffle=False,
        verbose=options.verbose,
    )
    record = record_of(
        "train_robust_classifier",
        options,
        ("out", "data_dir", "verbose"),
        data="mnist",
        parameters=classifier.count_params(),
    )
    save_classifier(classifier, options.out, record)
    # What is stored is what is measured.
    record["metrics"] = measure(gencs.metrics.classifier(options.out), options)
    save_classifier(classifier, options.out, record)
    print(json.dumps(record["metrics"]))
    print(f"Classifier written to {options.out}")


def measure(classifier, options):
    """Accuracy on the test digits."""
    test = gencs.datasets.mnist(
        "test", labels=True, data_dir=options.data_dir, batch_size=1000
    )
    right = np.concatenate(
        [
            np.argmax(classifier(x), axis=1) == labels
            for x, labels in test.as_numpy_iterator()
        ]
    )
    return {"test_images": len(right), "accuracy": round(float(right.mean()), 4)}


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="tensorflow-datasets directory")
    parser.add_argument(
        "--out", type=places.folder, default=pathlib.Path("runs/mnist_robust")
    )
    parser.add_argument("--eps", type=float, default=1.5)
    parser.add_argument("--attack-steps", type=int, default=7)
    parser.add_argument("--weight", type=float, default=0.1)
    parser.add_argument("--training-steps", type=int, default=1200)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", type=int, default=2)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
