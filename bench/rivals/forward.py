"""Forward passes of GPT-2 small in a Python library, behind the bench protocol of worker.py.

usage: python forward.py (tl2 | tl4 | hf) MODEL_FOLDER THREADS
Cases: {"output": "logits" | "full" | "pattern", "batch": B, "length": T}.
"""

import sys
import warnings
from importlib.metadata import version

warnings.filterwarnings("ignore")
import torch

from worker import serve

SIDE, FOLDER, THREADS = sys.argv[1], sys.argv[2], int(sys.argv[3])


def hugging_face():
    import transformers
    from transformers import AutoModelForCausalLM

    transformers.logging.set_verbosity_error()
    model = AutoModelForCausalLM.from_pretrained(FOLDER, attn_implementation="eager", dtype=torch.float32)
    return model.eval()


def load_hf():
    model = hugging_face()
    # Its nearest to a full cache: every residual stream and every pattern.
    options = {
        "logits": {},
        "full": {"output_hidden_states": True, "output_attentions": True},
        "pattern": {"output_attentions": True},
    }
    run = lambda ids, output: model(ids, use_cache=False, **options[output])
    return run, lambda result: result.logits, lambda result: result.attentions[-1]


def load_tl2():
    from transformer_lens import HookedTransformer, HookedTransformerConfig
    from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights

    source = hugging_face()
    shape = source.config
    config = HookedTransformerConfig(
        n_layers=shape.n_layer,
        d_model=shape.n_embd,
        n_ctx=shape.n_positions,
        d_head=shape.n_embd // shape.n_head,
        n_heads=shape.n_head,
        d_vocab=shape.vocab_size,
        act_fn="gelu_new",
        normalization_type="LN",
        init_weights=False,
        device="cpu",
    )
    model = HookedTransformer(config)
    weights = model.fill_missing_keys(convert_gpt2_weights(source, config))
    model.load_state_dict(weights, strict=False)
    return with_cache(model.eval())


def load_tl4():
    from transformer_lens.model_bridge import TransformerBridge

    model = TransformerBridge.boot_transformers(FOLDER, dtype=torch.float32, device="cpu")
    return with_cache(model.eval())


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
