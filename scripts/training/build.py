"""The model of a run, compiled."""

import keras

import tf_gencs as gencs
from training import data

schedules = keras.optimizers.schedules


def build(settings):
    """A new model; the same settings give the same weights."""
    keras.utils.set_random_seed(settings["seed"])
    return {"vae": _vae, "dcgan": _dcgan, "began": _began}[settings["family"]](settings)


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
    # Digits are ink on paper, and most of their pixels are exactly the paper.
    grey = data.signal_shape(settings)[-1] == 1
    # A gradient penalty is of single images: a batch's statistics would mix them.
    weights = settings["real_penalty"], settings["late_real_penalty"]
    penalized = any(weights) or settings["adversarial_loss"] == "wasserstein"
    model = gencs.models.DCGAN(
        width=settings["width"],
        normalization="layer" if penalized else "batch",
        minibatch_std=settings["minibatch_std"],
        value_range=(0.0, 1.0) if grey else (-1.0, 1.0),
        **_sizes(settings),
    )
    model.compile(
        adversarial_loss=settings["adversarial_loss"],
        d_steps=settings["d_steps"],
        real_penalty=schedules.PiecewiseConstantDecay([settings["late_from"]], weights)
        if any(weights)
        else 0.0,
        g_steps=settings["g_steps"],
        **_how(settings, settings["beta_1"], settings["beta_2"]),
    )
    return model


def _began(settings):
    model = gencs.models.BEGAN(width=settings["width"], **_sizes(settings))
    model.compile(
        gamma=settings["gamma"],
        lambda_k=settings["lambda_k"],
        decoder_weight=settings["decoder_weight"],
        **_how(settings, beta_1=0.9),
    )
    return model


def _how(settings, beta_1, beta_2=0.999):
    optimizers = {
        name: keras.optimizers.Adam(settings["learning_rate"], beta_1, beta_2)
        for name in ("d_optimizer", "g_optimizer")
    }
    return {"ema": settings["ema"] or None, **optimizers}
