"""Trains on several machines, or on several devices of one, as one device would.

    ./scripts/train_on_machines --out runs/many                # all GPUs of this one
    ./scripts/train_on_machines --out runs/many --cpus 2       # or parts of its CPU
    ./scripts/train_on_machines --out runs/many --processes 2  # as on two machines

On machines that share a folder, the same command on each, with its own index:

    export TF_CONFIG='{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]},
                       "task": {"type": "worker", "index": 0}}'
    ./scripts/train_on_machines --out /shared/runs/many

It trains on the 300 digits that ship, to show how: put your images and your model in
`digits` and `new_model`. Batches, draws and statistics are those of one device, so the
weights are too, but for rounding.

Where a process ends, the others cannot go on: end and start all again, and they go on
from the last checkpoint, as if nothing had been. `--processes` does so by itself.
"""

import argparse
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

_RESTARTS = 5


def main(arguments=None):
    options = parse(arguments)
    if options.processes:
        sys.exit(supervise(options.processes, arguments or sys.argv[1:]))
    train(options)


def train(options):
    """Trains up to the last step, from the last checkpoint if there is one."""
    # Late, for `supervise` needs none of these.
    import quiet_tensorflow  # noqa: F401

    strategy = strategy_of(options.cpus)  # before anything runs

    import keras

    import tf_gencs as gencs

    folder = options.out / "checkpoints"
    latest = gencs.callbacks.latest(folder)
    with strategy.scope():
        model = keras.saving.load_model(latest) if latest else new_model(options)
    done = gencs.callbacks.training_step(model)
    print(f"{strategy.num_replicas_in_sync} replicas, from step {done}", flush=True)
    checkpoint = gencs.callbacks.Checkpoint(folder, options.save_every)
    if done < options.steps:
        batches = gencs.datasets.training_batches(
            digits(), options.batch_size, seed=0, first_step=done
        )
        model.fit(
            batches,
            steps_per_epoch=options.steps - done,
            shuffle=False,
            verbose=0,
            callbacks=[gencs.callbacks.StopOnNaN(folder), checkpoint],
        )
        checkpoint.write()
    print(f"step {gencs.callbacks.training_step(model)}", flush=True)


def digits():
    from tf_gencs.datasets import mnist_samples

    return mnist_samples()[0]


def new_model(options):
    from tf_gencs import models

    common = {"seed": 0, "dtype": options.dtype}
    if options.family == "vae":
        model = models.VAE(20, (50,), **common)
        model.compile("adam")
    else:
        model = models.DCGAN((28, 28, 1), 20, 4, (0, 1), **common)
        model.compile(ema=0.99)
    return model


def strategy_of(cpus):
    """Of machines where `TF_CONFIG` names several, else of the devices of this one."""
    import tensorflow as tf

    if "TF_CONFIG" in os.environ:
        return tf.distribute.MultiWorkerMirroredStrategy()
    if not cpus:
        return tf.distribute.MirroredStrategy()
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * cpus
    tf.config.set_logical_device_configuration(cpu, parts)
    return tf.distribute.MirroredStrategy([f"CPU:{i}" for i in range(cpus)])


def supervise(count, arguments):
    """Runs processes as on machines of their own, all anew where one failed.

    Returns:
        The exit status of the last that failed; 0 if all came to the end.
    """
    # Whoever ends this process ends those that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    for _ in range(1 + _RESTARTS):
        status = together(count, arguments)
        if not status:
            return 0
        print(f"A process ended with status {status}: all start again", flush=True)
    return status


def together(count, arguments):
    """Runs all until they end or one fails: 0, or the exit status of that one."""
    workers = [f"localhost:{port}" for port in free_ports(count)]
    processes = []
    for index in range(count):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": {"worker": workers}, "task": task})
        command = [sys.executable, __file__, *arguments, "--processes", "0"]
        environment = {**os.environ, "TF_CONFIG": config, "CUDA_VISIBLE_DEVICES": ""}
        processes.append(subprocess.Popen(command, env=environment))
        print(f"process {index} has id {processes[-1].pid}", flush=True)
    try:
        while True:
            statuses = [process.poll() for process in processes]
            if any(statuses) or None not in statuses:
                return next(filter(None, statuses), 0)
            time.sleep(0.2)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--out", type=pathlib.Path, required=True, help="folder, shared by all")
    add("--family", choices=("vae", "dcgan"), default="vae")
    add("--steps", type=int, default=200, help="of training, 200 by default")
    add("--batch-size", type=int, default=60, help="of all replicas together")
    add("--save-every", type=int, default=50, help="steps between checkpoints")
    add("--dtype", choices=("float32", "float64"), default="float32")
    add("--cpus", type=int, default=0, help="parts of this CPU, as devices")
    add("--processes", type=int, default=0, help="on this machine, as on several")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
