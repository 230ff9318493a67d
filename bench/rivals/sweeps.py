"""Sweeps in TransformerLens, one forward pass per cell, behind the bench protocol of worker.py.

usage: python sweeps.py (tl2 | tl4) MODEL_FOLDER THREADS
Cases: {"sweep": "ablate", "batch": B, "length": T, "layers": [..] or null}: each head's z set to 0, mean loss;
{"sweep": "patch", "length": T, "layers": [..] or null}: clean resid_pre into the corrupted run, by layer and position,
logit difference at the last one.
"""

import sys
import warnings
from importlib.metadata import version

warnings.filterwarnings("ignore")
import torch

from models import bridge, hooked_transformer
from worker import serve

SIDE, FOLDER, THREADS = sys.argv[1], sys.argv[2], int(sys.argv[3])
#: The tokens whose logits are compared.
ANSWER, WRONG = 11, 23


def bench_ids(batch, length, vocab):
    # The same ids as the other side's: spread over the vocabulary, no two alike in a row.
    return (torch.arange(batch * length) * 7919 + 17).remainder(vocab).reshape(batch, length)


def ablate(model, ids, layers):
    """Mean loss after each head's zero ablation, as the usual loop does it."""
    losses = []
    for layer in layers:
        for head in range(model.cfg.n_heads):

            def zero(z, hook, head=head):
                z[:, :, head] = 0
                return z

            hooks = [(f"blocks.{layer}.attn.hook_z", zero)]
            losses.append(float(model.run_with_hooks(ids, return_type="loss", fwd_hooks=hooks)))
    return losses


def patch(model, corrupted, layers):
    """What transformer_lens.patching.get_act_patch_resid_pre does, on the chosen layers and without its progress bar."""
    clean = corrupted.clone()
    clean[:, 5] = 7
    _, cache = model.run_with_cache(clean, names_filter=lambda name: name.endswith("hook_resid_pre"))
    values = []
    for layer in layers:
        name = f"blocks.{layer}.hook_resid_pre"
        for position in range(corrupted.shape[1]):

            def put(resid, hook, position=position):
                resid[:, position] = cache[name][:, position]
                return resid

            last = model.run_with_hooks(corrupted, fwd_hooks=[(name, put)])[:, -1]
            values.append(float((last[:, ANSWER] - last[:, WRONG]).mean()))
    return values


def load():
    torch.set_num_threads(THREADS)
    torch.set_grad_enabled(False)
    model = {"tl2": hooked_transformer, "tl4": bridge}[SIDE](FOLDER)
    packages = ["torch", "transformers", "transformer_lens"]
    versions = {"python": sys.version.split()[0], **{name: version(name) for name in packages}}

    def make(params):
        layers = params["layers"] or range(model.cfg.n_layers)
        ids = bench_ids(params.get("batch", 1), params["length"], model.cfg.d_vocab)
        sweep = {"ablate": ablate, "patch": patch}[params["sweep"]]

        def run():
            with torch.inference_mode():
                return sweep(model, ids, layers)

        return run, lambda values: values[:8]

    return versions, make


serve(load)
