"""What training runs start from: by family, by data set, and by pairs of them."""

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
    "face_avatars": {
        "train_split": "train",
        "held_out_split": "validation",
        "size": None,
    },
    "celeb_a": {
        "train_split": "train",
        "held_out_split": "validation",
        "flip": True,
        "size": None,
    },
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
