"""The model of a run, compiled."""

import keras

import tf_gencs as gencs
from training import data

schedules = keras.optimizers.schedules


def build(settings):
    """A new model; the same settings give the same weights."""
    keras.utils.set_random_seed(settings["seed"])
    builders = {
        "vae": _vae,
        "dcgan": _dcgan,
        "began": _began,
        "causal_gan": _causal_gan,
        "causal_began": _causal_began,
    }
    return builders[settings["family"]](settings)


def _sizes(settings):
    return {
        "signal_shape": data.signal_shape(settings),
        "latent_dim": settings["latent_dim"],
        "seed": settings["seed"],
    }


def _vae(settings):
    hidden = (settings["width"], settings["width"])
    model = gencs.models.VAE(hidden=hidden, **_sizes(settings))
    schedule = schedules.CosineDecay(
        settings["learning_rate"], settings["steps"], alpha=0.01
    )
    model.compile(
        keras.optimizers.Adam(schedule), kl_warmup_steps=settings["kl_warmup_steps"]
    )
    return model


def _dcgan(settings):
    model = gencs.models.DCGAN(**_sizes(settings), **_dcgan_networks(settings))
    model.compile(**_dcgan_training(settings))
    return model


def _dcgan_networks(settings):
    # Digits are ink on paper, and most of their pixels are exactly the paper.
    grey = data.signal_shape(settings)[-1] == 1
    # A gradient penalty is of single images: a batch's statistics would mix them.
    penalized = any(_penalties(settings))
    penalized |= settings["adversarial_loss"] == "wasserstein"
    return {
        "width": settings["width"],
        "normalization": "layer" if penalized else "batch",
        "minibatch_std": settings["minibatch_std"],
        "value_range": (0.0, 1.0) if grey else (-1.0, 1.0),
    }


def _dcgan_training(settings):
    weights, late_from = _penalties(settings), settings["late_from"]
    penalty = schedules.PiecewiseConstantDecay([late_from], weights)
    names = "adversarial_loss", "d_steps", "g_steps"
    return {
        **{name: settings[name] for name in names},
        "real_penalty": penalty if any(weights) else 0.0,
        **_how(settings, settings["beta_1"], settings["beta_2"]),
    }


def _penalties(settings):
    return settings["real_penalty"], settings["late_real_penalty"]


def _causal_gan(settings):
    model = gencs.models.CausalGAN(
        _controller(settings),
        labeler_width=settings["labeler_width"],
        **_causal_sizes(settings),
        **_dcgan_networks(settings),
    )
    names = (
        *("label_targets", "labeler_weight", "anti_labeler_weight", "tau"),
        *("train_labeler", "labeler_noise"),
    )
    labelers = {
        name: keras.optimizers.Adam(settings["learning_rate"], beta_1=0.5)
        for name in ("labeler_optimizer", "anti_labeler_optimizer")
    }
    model.compile(
        **labelers,
        **{name: settings[name] for name in names},
        **_dcgan_training(settings),
    )
    return model


def _controller(settings):
    graph, states = data.causes(settings)
    return gencs.causal.CausalController(graph, states, seed=settings["seed"])


def _causal_sizes(settings):
    return {
        "signal_shape": data.signal_shape(settings),
        "noise_dim": settings["noise_dim"],
        "seed": settings["seed"],
    }


def _began(settings):
    model = gencs.models.BEGAN(width=settings["width"], **_sizes(settings))
    model.compile(**_began_training(settings))
    return model


def _began_training(settings):
    names = "gamma", "lambda_k", "decoder_weight"
    told = {name: settings[name] for name in names}
    return {**told, **_how(settings, beta_1=0.9)}


def _causal_began(settings):
    model = gencs.models.CausalBEGAN(
        _controller(settings),
        width=settings["width"],
        labeler_width=settings["labeler_width"],
        **_causal_sizes(settings),
    )
    names = (
        *("label_loss", "gamma_labels", "zeta", "lambda_labels", "lambda_weight"),
        *("third_margin", "train_labeler", "labeler_noise"),
    )
    model.compile(
        labeler_optimizer=keras.optimizers.Adam(settings["learning_rate"]),
        **{name: settings[name] for name in names},
        **_began_training(settings),
    )
    return model


def _how(settings, beta_1, beta_2=0.999):
    optimizers = {
        name: keras.optimizers.Adam(settings["learning_rate"], beta_1, beta_2)
        for name in ("d_optimizer", "g_optimizer")
    }
    return {"ema": settings["ema"] or None, **optimizers}
