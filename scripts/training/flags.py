"""The flags of a training run: what each takes, must be, and says of itself."""

import argparse
import dataclasses
import numbers

from tf_gencs import checks

_LOSSES = (
    *("minimax", "non_saturating", "log_ratio", "least_squares", "hinge"),
    "wasserstein",
)
_LABEL_LOSSES = ("squared", "absolute", "cross_entropy")
_TARGETS = ("flipped", "noisy", "clear")


@dataclasses.dataclass(frozen=True)
class Flag:
    """A setting that is checked by `check(value, name)`; `options` are argparse's."""

    help: str
    check: object
    options: dict


def _integer(help, **bounds):
    return Flag(help, lambda v, n: checks.integer(v, n, **bounds), {"type": int})


def _float(help, **bounds):
    return Flag(help, lambda v, n: checks.number(v, n, **bounds), {"type": float})


def _choice(help, among):
    return Flag(help, lambda v, n: checks.choice(v, n, among), {"choices": among})


def _yes_or_no(help):
    return Flag(help, checks.flag, {"action": argparse.BooleanOptionalAction})


def _size(value, name):
    """[height, width], of both or of one for a square."""
    if value is None:
        return None
    both = [value, value] if isinstance(value, numbers.Number) else value
    if isinstance(both, (list, tuple)) and len(both) == 1:
        both = [*both, *both]
    return list(checks.sizes(both, name, length=2))


def _channels(value, name):
    if checks.integer(value, name, at_most=3) == 2:
        raise ValueError(f"`{name}` must be 1 or 3. Received: 2")
    return value


def _held_out(value, name):
    if isinstance(value, float):
        return checks.number(value, name, above=0, below=1)
    return checks.integer(value, name, at_least=0)


def _threads(value, name):
    return value if value is None else checks.integer(value, name)


def _number(text):
    """A number of images, or a share of them."""
    try:
        return int(text)
    except ValueError:
        return float(text)


_ANY_FAMILY = {
    "steps": _integer("of training"),
    "batch_size": _integer("images a step"),
    "learning_rate": _float("of Adam", above=0),
    "latent_dim": _integer("numbers that the generator takes"),
    "width": _integer("of the networks: channels, or hidden units of a VAE"),
    "ema": _float(
        "decay of the mean generator of a GAN; 0 for none", at_least=0, below=1
    ),
    "kl_warmup_steps": _integer("of a VAE", at_least=0),
    "warm_up_steps": _integer(
        "in which a BEGAN's autoencoder or a causal model's labeler learns alone",
        at_least=0,
    ),
    "warm_up_rate": _float("learning rate of these", above=0),
}

_DCGAN = {
    "adversarial_loss": _choice("of a DCGAN", _LOSSES),
    "d_steps": _integer("of a DCGAN's discriminator on each batch"),
    "g_steps": _integer("of a DCGAN's generator on each batch"),
    "beta_1": _float("of Adam for a DCGAN", at_least=0, below=1),
    "beta_2": _float("of Adam for a DCGAN", at_least=0, below=1),
    "real_penalty": _float("R1 of a DCGAN's discriminator, 0 for none", at_least=0),
    "late_real_penalty": _float("the same late in training", at_least=0),
    "late_from": _integer("step from which on that counts"),
    "minibatch_std": _yes_or_no("let a DCGAN's discriminator see how images differ"),
}

_BEGAN = {
    "gamma": _float(
        "of a BEGAN: more for images that differ more", at_least=0, at_most=1
    ),
    "lambda_k": _float("how fast a BEGAN's k follows", at_least=0),
    "decoder_weight": _float("how much a BEGAN's G stays D's decoder", at_least=0),
    "patience": _integer("steps until a BEGAN's learning rates go down"),
}

_CAUSAL = {
    "controller_steps": _integer("in which a causal model learns labels"),
    "noise_dim": _integer("numbers of noise that a causal model takes"),
    "labeler_width": _integer("channels of a causal model's labeler"),
    "labeler_noise": _float("most on images that it reads in training", at_least=0),
    "train_labeler": _yes_or_no("let a causal model's labeler learn on beside G"),
    "label_targets": _choice("of a CausalGAN's label losses", _TARGETS),
    "labeler_weight": _float("of the labeler in a CausalGAN's G", at_least=0),
    "anti_labeler_weight": _float("of the anti-labeler, at the start", at_least=0),
    "tau": _float("steps in which that falls to 37 %%", above=0),
    "label_loss": _choice("of a CausalBEGAN", _LABEL_LOSSES),
    "gamma_labels": _float(
        "of a CausalBEGAN, as --gamma of labels", at_least=0, at_most=1
    ),
    "zeta": _float("of the first margin in a CausalBEGAN's third", at_least=0),
    "lambda_labels": _float("how fast a CausalBEGAN's k_labels follows", at_least=0),
    "lambda_weight": _float("how fast its label_weight does", at_least=0),
    "third_margin": _yes_or_no("without, a CausalBEGAN's label_weight is 1"),
    "decoder_steps": _integer(
        "in which a CausalBEGAN's autoencoder learns alone", at_least=0
    ),
}

_DATA = {
    "size": Flag(
        "of the images of a folder, of faces or a causal model; one number for squares",
        _size,
        {"type": int, "nargs": "+", "metavar": ("HEIGHT", "WIDTH")},
    ),
    "channels": Flag("1 or 3, of the images of a folder", _channels, {"type": int}),
    "flip": _yes_or_no("mirror at random"),
    "held_out": Flag(
        "images for the representation error, 0 for none; they never train. Of a "
        "folder exactly so many are held out, or a share such as 0.05",
        _held_out,
        {"type": _number},
    ),
}

_RUN = {
    "seed": _integer("of weights, batches and noise", at_least=0, at_most=2**32 - 1),
    "threads": Flag("cores to use; all if not given", _threads, {"type": int}),
    "log_every": _integer("steps"),
    "save_every": _integer("steps"),
    "sample_every": _integer("steps"),
}

FLAGS = {**_ANY_FAMILY, **_DCGAN, **_BEGAN, **_CAUSAL, **_DATA, **_RUN}
