"""List the presets that ship: name, family, latents, shape of a signal, size."""

import json
import pathlib

HELP = "list the presets that ship"

EXAMPLES = """\
  tf-gencs presets
  tf-gencs presets --json"""

_FOLDER = pathlib.Path(__file__).parents[1] / "models" / "shipped"


def add(parser):
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments):
    # Off their files: TensorFlow has nothing to do with it.
    rows = [_row(folder) for folder in sorted(_FOLDER.iterdir()) if folder.is_dir()]
    if arguments.json:
        print(json.dumps(rows))
        return
    for row in rows:
        shape = " x ".join(map(str, row["signal_shape"]))
        size = f"{row['bytes'] / 2**20:.1f} MiB"
        print(
            f"{row['name']:<28} {row['family']:<10} {row['latent_dim']:>4} latents  "
            f"{shape:<12} {size:>8}  {row['data']}"
        )


def _row(folder):
    model = json.loads((folder / "config.json").read_text())["model"]
    record = json.loads((folder / "record.json").read_text())
    return {
        "name": folder.name,
        "family": model["class_name"],
        "latent_dim": _latent_dim(model["config"]),
        "signal_shape": model["config"].get("signal_shape"),
        "data": record.get("data"),
        "bytes": sum(file.stat().st_size for file in folder.iterdir()),
    }


def _latent_dim(config):
    if "latent_dim" in config:
        return config["latent_dim"]
    # Noise and labels: a column for each binary one, and for each state of others.
    states = config["controller"]["config"]["states"].values()
    return config["noise_dim"] + sum(count if count > 2 else 1 for count in states)
