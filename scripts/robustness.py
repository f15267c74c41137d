"""Prints the report on defences of digits, and what attacks find.

    ./scripts/robustness                      # invert-and-classify: minutes
    ./scripts/robustness cat overpowered      # other parts, by name
    ./scripts/robustness --images 20 --restarts 1 --steps 10   # a look

The first of the test digits that ship, all of which the classifier `mnist` gets right.
`--classifier` takes a name, such as mnist_robust, or a folder that
`scripts/train_robust_classifier` writes.
"""

import argparse
import time

import quiet_tensorflow  # noqa: F401
import numpy as np

import tf_gencs as gencs
from tf_gencs import defence


def main(arguments=None):
    options = parse(arguments)
    for part in options.parts:
        start = time.perf_counter()
        print(f"{part}: {PARTS[part].__doc__}", flush=True)
        PARTS[part](options)
        print(f"     {time.perf_counter() - start:.0f} s\n", flush=True)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--eps", type=float, nargs="+", default=[1.5, 2.5, 4.0, 6.0])
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--starts", type=int, default=100, help="of pairs")
    parser.add_argument("--classifier", default="mnist")
    parser.add_argument("--generative", default="runs/mnist_digits", help="folder")
    parser.add_argument("--attacks", nargs="+", default=list(ALL))
    options = parser.parse_args(arguments)
    options.parts = options.parts or ["invert_and_classify"]
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"parts must be of {', '.join(PARTS)}. Received: {part}")
    return options


ALL = ("gradient", "segment", "hard_label", "noise", "blind")


def digits(options):
    images, labels = gencs.datasets.mnist_samples()
    return images[: options.images], labels[: options.images]


def networks(options):
    model = gencs.models.GenerativeModel.from_preset("mnist_vae")
    return model, gencs.metrics.classifier(options.classifier)


def judged(defended, options, **given):
    return defence.robustness_report(
        defended,
        *digits(options),
        eps=options.eps,
        attacks=tuple(options.attacks),
        steps=options.steps,
        restarts=options.restarts,
        queries=options.queries,
        seed=0,
        **given,
    )


def invert_and_classify(options):
    """the nearest G(z) is classified."""
    judged(defence.InvertAndClassify(*networks(options)), options)


def generative(options):
    """ten generative models; that which explains best."""
    classifier = defence.GenerativeClassifier.from_preset(options.generative)
    model, plain = networks(options)
    # Its own gradient takes a search in each of ten models: the plain one's will do.
    judged(classifier, options, undefended=plain, model=model, guide=plain)


def undefended(options):
    """the classifier alone."""
    model, classifier = networks(options)
    attacks = [name for name in options.attacks if name != "blind"]
    options = argparse.Namespace(**{**vars(options), "attacks": attacks})
    judged(classifier, options, model=model)


def nothing(options):
    """a defence that does nothing: BPDA through it is PGD."""
    images, labels = digits(options)
    _, classifier = networks(options)
    given = {"steps": options.steps, "restarts": options.restarts, "seed": 0}
    for eps in options.eps[:2]:
        plain = defence.pgd(classifier, images, labels, eps=eps, **given)
        through = defence.bpda(Identity(classifier), images, labels, eps=eps, **given)
        print(f"L2 {eps:g}: PGD {plain.accuracy:.2f}, BPDA {through.accuracy:.2f}")


class Identity(defence.PurifyAndClassify):
    def purify(self, x):
        return x


def cat(options):
    """images within L2 2.5 that fool the classifier, by pixels and in G's range."""
    images, labels = digits(options)
    model, classifier = networks(options)
    found = defence.cat(model, classifier, images, labels, eps=2.5, seed=0)
    print(f"pixels:  {found.pixels}\nlatents: {found.latents}")
    wrong = np.argmax(classifier(found.latents.images), axis=1) != labels
    far = np.where(wrong, found.latents.distance, np.inf)
    quantiles = np.quantile(far, (0.1, 0.5, 0.9))
    print("nearest wrong image in range, quantiles .1 .5 .9:", quantiles.round(2))


def overpowered(options):
    """pairs in G's range within L2 1.5 that the classifier tells apart."""
    model, classifier = networks(options)
    found = defence.overpowered(model, classifier, starts=options.starts, seed=0)
    print(found)
    for probability in (0.7, 0.9, 0.99):
        print(f"     sure of both to {probability}: {found.sure(probability):.2f}")
    images, labels = gencs.datasets.mnist_samples()
    right = np.mean(np.argmax(classifier(images), axis=1) == labels)
    print(f"     clean accuracy of 300 digits: {right:.3f}")


def detector(options):
    """rejection at a false positive rate of .05, told by the other digits."""
    images, labels = gencs.datasets.mnist_samples()
    defended = defence.InvertAndClassify(
        *networks(options), reject=0.05, images=images[options.images :]
    )
    x, labels = digits(options)
    print(f"clean refused: {defended.rejects(x).mean():.2f}")
    clean = np.asarray(defended.errors(x))
    for eps in options.eps[:2]:
        found = defence.pgd(
            defended.classifier,
            x,
            labels,
            eps=eps,
            steps=options.steps,
            seed=0,
            stop_early=False,
        )
        errors = np.asarray(defended.errors(found.images))
        area = np.mean(errors[:, None] > clean[None])
        print(
            f"blind PGD L2 {eps:g}: AUC {area:.3f}, "
            f"refused {np.mean(errors > defended.threshold):.2f}"
        )
        knowing = defence.bpda(
            defended,
            x,
            labels,
            eps=eps,
            backward="tangent",
            steps=options.steps,
            restarts=options.restarts,
            seed=0,
        )
        print(f"BPDA that evades it, L2 {eps:g}: accuracy {knowing.accuracy:.2f}")


PARTS = {
    part.__name__: part
    for part in (
        invert_and_classify,
        undefended,
        nothing,
        cat,
        overpowered,
        generative,
        detector,
    )
}

if __name__ == "__main__":
    main()
