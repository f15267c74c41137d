"""Draw signals; of causal models of images, after interventions and conditions."""

import argparse
import json

from tf_gencs.commands import arguments as shared
from tf_gencs.commands import quiet, write

HELP = "draw signals, of causal models under do and given"

EXAMPLES = """\
  tf-gencs sample --model mnist_vae -n 16 --seed 1 --output digits.png
  tf-gencs sample --model causal_gan_face_avatars_64 -n 24 --do Mustache=1 \\
      --output faces/ --json
  tf-gencs sample --model causal_gan_face_avatars_64 -n 24 --given Mustache=1 \\
      --given Smiling=0 --output faces.npz"""


def add(parser):
    shared.add_model(parser)
    parser.add_argument("-n", type=int, default=16, help="how many (16)")
    parser.add_argument("--seed", type=int, help="of the draw; by itself each is new")
    for name, what in (("do", "set a label"), ("given", "ask for a label")):
        parser.add_argument(
            f"--{name}",
            action="append",
            type=_label,
            default=[],
            metavar="LABEL=STATE",
            help=f"{what}, of causal models; may come again",
        )
    write.add(parser)
    parser.add_argument("--json", action="store_true", help="labels as JSON")


def _label(text):
    name, _, state = text.partition("=")
    if not (name and state.isdecimal()):
        raise argparse.ArgumentTypeError(
            f"must be LABEL=STATE, the state an integer. Received: {text!r}"
        )
    return name, int(state)


def run(arguments):
    write.check(arguments, arguments.n)
    shared.check_files(arguments)
    quiet.load()
    model = shared.load_model(arguments.model)
    do, given = dict(arguments.do), dict(arguments.given)
    found = {}
    if hasattr(model, "sample"):
        found["x"], labels = model.sample(arguments.n, do, given, arguments.seed)
        found |= {f"label_{name}": states for name, states in labels.items()}
    elif do or given:
        raise ValueError(
            "--do and --given go with causal models of images, such as the preset "
            f"causal_gan_face_avatars_64. Received: --model {arguments.model}"
        )
    else:
        found["x"], labels = model.generate(arguments.n, seed=arguments.seed), {}
    write.write(arguments, found, model.value_range)
    if arguments.json:
        told = {name: states.tolist() for name, states in labels.items()}
        write.say(arguments, json.dumps({"output": arguments.output, "labels": told}))
