"""Forward passes of GPT-2 small in a Python library, behind the bench protocol of worker.py.

usage: python forward.py (tl2 | tl4 | hf) MODEL_FOLDER THREADS
Cases: {"output": "logits" | "full" | "pattern", "batch": B, "length": T}.
"""

import sys
import warnings
from importlib.metadata import version

warnings.filterwarnings("ignore")
import torch

from models import bridge, hooked_transformer, hugging_face
from worker import serve

SIDE, FOLDER, THREADS = sys.argv[1], sys.argv[2], int(sys.argv[3])


def load_hf():
    model = hugging_face(FOLDER)
    # Its nearest to a full cache: every residual stream and every pattern.
    options = {
        "logits": {},
        "full": {"output_hidden_states": True, "output_attentions": True},
        "pattern": {"output_attentions": True},
    }
    run = lambda ids, output: model(ids, use_cache=False, **options[output])
    return run, lambda result: result.logits, lambda result: result.attentions[-1]


def load_tl2():
    return with_cache(hooked_transformer(FOLDER))


def load_tl4():
    return with_cache(bridge(FOLDER))


def with_cache(model):
    def run(ids, output):
        if output == "logits":
            return model(ids), None
        if output == "full":
            return model.run_with_cache(ids)
        return model.run_with_cache(ids, names_filter=lambda name: name.endswith("hook_pattern"))

    last = f"blocks.{model.cfg.n_layers - 1}.attn.hook_pattern"
    return run, lambda result: result[0], lambda result: result[1][last]


def load():
    torch.set_num_threads(THREADS)
    torch.set_grad_enabled(False)
    forward, logits, pattern = {"hf": load_hf, "tl2": load_tl2, "tl4": load_tl4}[SIDE]()
    packages = ["torch", "transformers"] + ([] if SIDE == "hf" else ["transformer_lens"])
    versions = {"python": sys.version.split()[0], **{name: version(name) for name in packages}}

    def make(params):
        count = params["batch"] * params["length"]
        # The same ids as every other side's: spread over the vocabulary, no two alike in a row.
        ids = (torch.arange(count) * 7919 + 17).remainder(50257).reshape(params["batch"], params["length"])

        def run():
            with torch.inference_mode():
                return forward(ids, params["output"])

        # of patterns, the last row of the last layer's first head
        if params["output"] == "pattern":
            return run, lambda result: pattern(result)[-1, 0, -1, :8].tolist()
        return run, lambda result: logits(result)[-1, -1, :8].tolist()

    return versions, make


serve(load)
