"""What a training run is told: by flags, by a JSON file, or by the tables here."""

import argparse
import json
import numbers
import shlex

from tf_gencs import checks, files

# What each family starts from, unless it is told otherwise.
FAMILIES = {
    "vae": {
        "steps": 59_000,
        "batch_size": 100,
        "learning_rate": 1e-3,
        "latent_dim": 20,
        "width": 500,
        "kl_warmup_steps": 5_900,
    },
    "dcgan": {
        "steps": 20_000,
        "batch_size": 64,
        "learning_rate": 1e-3,
        "beta_1": 0.0,
        "beta_2": 0.99,
        "latent_dim": 100,
        "width": 64,
        "ema": 0.999,
        "adversarial_loss": "non_saturating",
        "d_steps": 1,
        "g_steps": 1,
        "real_penalty": 1.0,
        "late_real_penalty": 10.0,
        "late_from": 6_000,
        "minibatch_std": True,
    },
    "began": {
        "steps": 60_000,
        "batch_size": 16,
        "learning_rate": 8e-5,
        "latent_dim": 64,
        "width": 64,
        "ema": 0.999,
        "gamma": 0.5,
        "lambda_k": 1e-3,
        "decoder_weight": 0.0,
        "patience": 10_000,
        "warm_up_steps": 0,
        "warm_up_rate": 5e-4,
    },
}

_CAUSAL = {
    "controller_steps": 4_000,
    "warm_up_steps": 1_000,
    "warm_up_rate": 1e-3,
    "labeler_noise": 0.6,
    "noise_dim": 64,
    "size": None,
}
FAMILIES["causal_gan"] = {
    **{k: v for k, v in FAMILIES["dcgan"].items() if k != "latent_dim"},
    **_CAUSAL,
    "labeler_width": 16,
    "label_targets": "clear",
    "labeler_weight": 4.0,
    "anti_labeler_weight": 0.0,
    "tau": 3_000.0,
    "train_labeler": True,
    "labeler_noise": 1.0,
}
FAMILIES["causal_began"] = {
    **{k: v for k, v in FAMILIES["began"].items() if k != "latent_dim"},
    **_CAUSAL,
    "labeler_width": 16,
    "label_loss": "squared",
    "gamma_labels": 0.5,
    "zeta": 0.5,
    "lambda_labels": 8e-5,
    "lambda_weight": 1e-2,
    "third_margin": True,
    "train_labeler": True,
    "decoder_steps": 0,
}

# What each data set is. Nothing that is held out takes part in training.
DATA = {
    "mnist": {"train_split": "train[:59000]", "held_out_split": "train[59000:]"},
    "fashion_mnist": {
        "train_split": "train[:59000]",
        "held_out_split": "train[59000:]",
    },
    "face_avatars": {"train_split": "train", "held_out_split": "validation"},
    "celeb_a": {"train_split": "train", "held_out_split": "validation", "flip": True},
    "folder": {"size": [64, 64], "channels": 3, "flip": True, "held_out": 0.05},
}

# How the reference trains: batch statistics, and two steps of G for one of D.
_DCGAN_REFERENCE = {
    "learning_rate": 2e-4,
    "beta_1": 0.5,
    "beta_2": 0.999,
    "g_steps": 2,
    "real_penalty": 0.0,
    "late_real_penalty": 0.0,
    "minibatch_std": False,
}

# Where a pair needs something else than its family and its data say.
PAIRS = {
    ("vae", "face_avatars"): {"latent_dim": 64},
    ("vae", "celeb_a"): {"latent_dim": 64},
    ("vae", "folder"): {"latent_dim": 64},
    ("dcgan", "mnist"): {"latent_dim": 20, "width": 32, **_DCGAN_REFERENCE},
    ("dcgan", "fashion_mnist"): {"latent_dim": 20, "width": 32, **_DCGAN_REFERENCE},
    ("dcgan", "face_avatars"): {"width": 32, "steps": 8_000},
    ("causal_gan", "face_avatars"): {
        "width": 20,
        "steps": 12_000,
        "batch_size": 32,
        "late_from": 8_000,
        "warm_up_steps": 4_000,
    },
    # As BEGAN below, on smaller images: four times as many steps in the same time.
    ("causal_began", "face_avatars"): {
        "size": [32, 32],
        "steps": 10_000,
        "batch_size": 16,
        "learning_rate": 2e-4,
        "width": 24,
        "ema": 0.995,
        "gamma": 1.0,
        "lambda_k": 0.1,
        "decoder_weight": 2.0,
        "patience": 2_000,
        "warm_up_steps": 4_000,
        "decoder_steps": 6_000,
        "third_margin": False,
        "train_labeler": False,
    },
    ("began", "mnist"): {"latent_dim": 20, "width": 32},
    ("began", "fashion_mnist"): {"latent_dim": 20, "width": 32},
    # A short run: G starts as the decoder and stays one, and k follows quickly.
    ("began", "face_avatars"): {
        "steps": 2_500,
        "batch_size": 8,
        "learning_rate": 2e-4,
        "width": 24,
        "ema": 0.995,
        "gamma": 1.0,
        "lambda_k": 0.1,
        "decoder_weight": 2.0,
        "patience": 1_000,
        "warm_up_steps": 6_000,
    },
}

COMMON = {
    "seed": 0,
    "flip": False,
    "held_out": 500,
    "log_every": 100,
    "save_every": 1_000,
    "sample_every": 1_000,
    "threads": None,
    "data_dir": None,
    "folder": None,
    "start": None,
}

# What may change from one start of a run to the next; where files lie is no setting.
FREE = ("steps", "threads", "held_out", "sample_every", "save_every", "log_every")
PLACES = ("out", "data_dir", "folder", "start")


def _size(value, name):
    """[height, width], of both or of one for a square."""
    both = [value, value] if isinstance(value, numbers.Number) else value
    if isinstance(both, (list, tuple)) and len(both) == 1:
        both = [*both, *both]
    return list(checks.sizes(both, name, length=2))


def _held_out(value, name):
    if isinstance(value, float):
        return checks.number(value, name, above=0, below=1)
    return checks.integer(value, name, at_least=0)


def _number(text):
    """A number of images, or a share of them."""
    try:
        return int(text)
    except ValueError:
        return float(text)


_LOSSES = (
    *("minimax", "non_saturating", "log_ratio", "least_squares", "hinge"),
    "wasserstein",
)
_LABEL_LOSSES = ("squared", "absolute", "cross_entropy")
_TARGETS = ("flipped", "noisy", "clear")
_CHECKS = {
    "steps": lambda v, n: checks.integer(v, n),
    "batch_size": lambda v, n: checks.integer(v, n),
    "learning_rate": lambda v, n: checks.number(v, n, above=0),
    "latent_dim": lambda v, n: checks.integer(v, n),
    "width": lambda v, n: checks.integer(v, n),
    "d_steps": lambda v, n: checks.integer(v, n),
    "g_steps": lambda v, n: checks.integer(v, n),
    "kl_warmup_steps": lambda v, n: checks.integer(v, n, at_least=0),
    "ema": lambda v, n: checks.number(v, n, at_least=0, below=1),
    "beta_1": lambda v, n: checks.number(v, n, at_least=0, below=1),
    "beta_2": lambda v, n: checks.number(v, n, at_least=0, below=1),
    "minibatch_std": checks.flag,
    "real_penalty": lambda v, n: checks.number(v, n, at_least=0),
    "late_real_penalty": lambda v, n: checks.number(v, n, at_least=0),
    "late_from": lambda v, n: checks.integer(v, n),
    "gamma": lambda v, n: checks.number(v, n, at_least=0, at_most=1),
    "lambda_k": lambda v, n: checks.number(v, n, at_least=0),
    "decoder_weight": lambda v, n: checks.number(v, n, at_least=0),
    "patience": lambda v, n: checks.integer(v, n),
    "warm_up_steps": lambda v, n: checks.integer(v, n, at_least=0),
    "warm_up_rate": lambda v, n: checks.number(v, n, above=0),
    "controller_steps": lambda v, n: checks.integer(v, n),
    "noise_dim": lambda v, n: checks.integer(v, n),
    "labeler_width": lambda v, n: checks.integer(v, n),
    "labeler_noise": lambda v, n: checks.number(v, n, at_least=0),
    "label_targets": lambda v, n: checks.choice(v, n, _TARGETS),
    "labeler_weight": lambda v, n: checks.number(v, n, at_least=0),
    "anti_labeler_weight": lambda v, n: checks.number(v, n, at_least=0),
    "tau": lambda v, n: checks.number(v, n, above=0),
    "train_labeler": checks.flag,
    "label_loss": lambda v, n: checks.choice(v, n, _LABEL_LOSSES),
    "gamma_labels": lambda v, n: checks.number(v, n, at_least=0, at_most=1),
    "zeta": lambda v, n: checks.number(v, n, at_least=0),
    "lambda_labels": lambda v, n: checks.number(v, n, at_least=0),
    "lambda_weight": lambda v, n: checks.number(v, n, at_least=0),
    "third_margin": checks.flag,
    "decoder_steps": lambda v, n: checks.integer(v, n, at_least=0),
    "size": lambda v, n: v if v is None else _size(v, n),
    "channels": lambda v, n: checks.integer(v, n, at_most=3),
    "flip": checks.flag,
    "seed": lambda v, n: checks.integer(v, n, at_least=0, at_most=2**32 - 1),
    "held_out": _held_out,
    "log_every": lambda v, n: checks.integer(v, n),
    "save_every": lambda v, n: checks.integer(v, n),
    "sample_every": lambda v, n: checks.integer(v, n),
}


def parse(arguments=None):
    """The settings of a run as a dict, from the command line.

    Ends the process with a message if they are wrong; nothing has been done by then.
    """
    parser = argparse.ArgumentParser(
        prog="train", description="Trains a generative model and writes it as a preset."
    )
    add = parser.add_argument
    add("--config", help="JSON file of settings; flags go before it")
    add("--family", choices=sorted(FAMILIES))
    add("--data", choices=sorted(DATA))
    add("--folder", help="of images, with --data folder")
    add("--data-dir", help="tensorflow-datasets directory")
    add("--start", help="checkpoint of another run, with whose networks to start")
    add("--out", help="run folder; runs/FAMILY_DATA if not given")
    add("--steps", type=int)
    add("--batch-size", type=int)
    add("--learning-rate", type=float)
    add("--latent-dim", type=int)
    add("--width", type=int, help="of the networks: channels, or hidden units of a VAE")
    add("--ema", type=float, help="decay of the mean generator of a GAN; 0 for none")
    add("--adversarial-loss", choices=_LOSSES, help="of a DCGAN")
    add("--d-steps", type=int, help="of a DCGAN's discriminator on each batch")
    add("--g-steps", type=int, help="of a DCGAN's generator on each batch")
    add("--beta-1", type=float, help="of Adam for a DCGAN")
    add("--beta-2", type=float, help="of Adam for a DCGAN")
    add("--real-penalty", type=float, help="R1 of a DCGAN's discriminator, 0 for none")
    add("--late-real-penalty", type=float, help="the same late in training")
    add("--late-from", type=int, help="step from which on that counts")
    add(
        "--minibatch-std",
        action=argparse.BooleanOptionalAction,
        help="let a DCGAN's discriminator see how much images differ",
    )
    add("--kl-warmup-steps", type=int, help="of a VAE")
    add("--gamma", type=float, help="of a BEGAN: more for images that differ more")
    add("--lambda-k", type=float, help="how fast a BEGAN's k follows")
    add("--patience", type=int, help="steps until a BEGAN's learning rates go down")
    add(
        "--warm-up-steps",
        type=int,
        help="in which a BEGAN's autoencoder or a causal model's labeler learns alone",
    )
    add("--warm-up-rate", type=float, help="learning rate of these")
    add("--controller-steps", type=int, help="in which a causal model learns labels")
    add("--noise-dim", type=int, help="numbers of noise that a causal model takes")
    add("--labeler-width", type=int, help="channels of a causal model's labeler")
    add("--labeler-noise", type=float, help="most on images that it reads in training")
    add("--label-targets", choices=_TARGETS, help="of a CausalGAN's label losses")
    add("--labeler-weight", type=float, help="of the labeler in a CausalGAN's G")
    add("--anti-labeler-weight", type=float, help="of the anti-labeler, at the start")
    add("--tau", type=float, help="steps in which that falls to 37 %%")
    add(
        "--train-labeler",
        action=argparse.BooleanOptionalAction,
        help="let a causal model's labeler learn on beside G",
    )
    add("--label-loss", choices=_LABEL_LOSSES, help="of a CausalBEGAN")
    add("--gamma-labels", type=float, help="of a CausalBEGAN, as --gamma of labels")
    add("--zeta", type=float, help="of the first margin in a CausalBEGAN's third")
    add("--lambda-labels", type=float, help="how fast a CausalBEGAN's k_labels follows")
    add("--lambda-weight", type=float, help="how fast its label_weight does")
    add(
        "--third-margin",
        action=argparse.BooleanOptionalAction,
        help="without, a CausalBEGAN's label_weight is 1",
    )
    add(
        "--decoder-steps",
        type=int,
        help="in which a CausalBEGAN's autoencoder learns alone",
    )
    add("--decoder-weight", type=float, help="how much a BEGAN's G stays D's decoder")
    add(
        "--size",
        type=int,
        nargs="+",
        metavar=("HEIGHT", "WIDTH"),
        help="of the images of a folder or a causal model; one number for squares",
    )
    add("--channels", type=int, help="1 or 3, of the images of a folder")
    add("--flip", action=argparse.BooleanOptionalAction, help="mirror at random")
    add("--train-split", help="as tensorflow-datasets names splits")
    add("--held-out-split")
    add(
        "--held-out",
        type=_number,
        help="images for the representation error, 0 for none; they never train. Of a "
        "folder exactly so many are held out, or a share such as 0.05",
    )
    add("--seed", type=int)
    add("--threads", type=int, help="cores to use; all if not given")
    add("--log-every", type=int, help="steps")
    add("--save-every", type=int, help="steps")
    add("--sample-every", type=int, help="steps")
    given = {
        k: v for k, v in vars(parser.parse_args(arguments)).items() if v is not None
    }
    try:
        return resolve({**_read(given.pop("config", None)), **given})
    except (OSError, TypeError, ValueError) as error:
        parser.error(str(error))


def resolve(given):
    """All settings, of the given ones and the tables.

    Raises:
        ValueError: a setting that is unknown, wrong, or of another family or data set.
    """
    family = given.get("family", "vae")
    data = given.get("data", "mnist")
    for name, value, known in (("family", family, FAMILIES), ("data", data, DATA)):
        if value not in known:
            raise ValueError(
                f"`{name}` must be one of {sorted(known)}. Received: {value!r}"
            )
    if data == "folder" and family.startswith("causal"):
        raise ValueError(
            f"`data` must have labels for family {family!r}, and a folder has none: "
            f"give one of {sorted(set(DATA) - {'folder'})}. Received: 'folder'"
        )
    start = {
        "family": family,
        "data": data,
        "out": f"runs/{family}_{data}",
        **COMMON,
        **FAMILIES[family],
        **DATA[data],
        **PAIRS.get((family, data), {}),
    }
    foreign = sorted(set(given) - set(start))
    if foreign:
        raise ValueError(
            f"`{foreign[0]}` is no setting of family {family!r} on data {data!r}. "
            f"Received: {given[foreign[0]]!r}"
        )
    settings = {**start, **given}
    for name, check in _CHECKS.items():
        if name in settings:
            settings[name] = check(settings[name], name)
    if settings["threads"] is not None:
        checks.integer(settings["threads"], "threads")
    if settings.get("adversarial_loss", _LOSSES[0]) not in _LOSSES:
        raise ValueError(
            f"`adversarial_loss` must be one of {list(_LOSSES)}. "
            f"Received: {settings['adversarial_loss']!r}"
        )
    if settings.get("channels") == 2:
        raise ValueError("`channels` must be 1 or 3. Received: 2")
    if data != "folder" and isinstance(settings["held_out"], float):
        raise ValueError(
            "`held_out` must be a number of images for data other than 'folder'. "
            f"Received: {settings['held_out']} with {data!r}"
        )
    for name in PLACES:
        if settings[name] is not None:
            settings[name] = str(files.path(settings[name], name))
    if data == "folder" and settings["folder"] is None:
        raise ValueError("`folder` must be given for data 'folder'. Received: None")
    if data == "folder" and not files.path(settings["folder"], "folder").is_dir():
        raise ValueError(
            f"`folder` must be an existing folder. Received: {settings['folder']!r}"
        )
    if data != "folder" and settings["folder"] is not None:
        raise ValueError(
            f"`folder` is only for data 'folder'. Received: {settings['folder']!r} "
            f"with {data!r}"
        )
    return settings


def check_same_run(settings, before):
    """Raises ValueError where a run folder holds a run of other settings."""
    fixed = {*settings, *before} - {*FREE, *PLACES}
    if settings["family"] == "vae":
        fixed.add("steps")  # the learning rate follows from their number
    changed = sorted(name for name in fixed if settings.get(name) != before.get(name))
    if changed:
        name = changed[0]
        raise ValueError(
            f"`out` must be a new folder for other settings: {settings['out']} holds a "
            f"run with {name}={before.get(name)!r}. Received: "
            f"{name}={settings.get(name)!r}"
        )


def command(settings, places=False):
    """The command line that gives these settings."""
    words = ["./scripts/train"]
    for name, value in settings.items():
        if value is None or (name in PLACES and not places):
            continue
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            values = value if isinstance(value, list) else [value]
            words.append(f"--{flag} {shlex.join(map(str, values))}")
    return " ".join(words)


def _read(path):
    if path is None:
        return {}
    try:
        content = json.loads(files.path(path, "config").read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f"`config` must be a JSON file. Received: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"`config` must hold a JSON object. Received: {content!r}")
    return content
