"""What a training run is told: by flags, by a JSON file, or by the tables."""

import argparse
import json
import shlex

from tf_gencs import files
from training.flags import FLAGS
from training.tables import COMMON, DATA, FAMILIES, PAIRS

# What may change from one start of a run to the next; where files lie is no setting.
FREE = ("steps", "threads", "held_out", "sample_every", "save_every", "log_every")
PLACES = ("out", "data_dir", "folder", "start")


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
    add("--train-split", help="as tensorflow-datasets names splits")
    add("--held-out-split")
    for name, flag in FLAGS.items():
        add(f"--{name.replace('_', '-')}", help=flag.help, **flag.options)
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
    for name, flag in FLAGS.items():
        if name in settings:
            settings[name] = flag.check(settings[name], name)
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
