"""Models with random weights, one for each architecture, and what Hugging Face computes with them: other seeds and
shapes than those of test/reference/lm, so that a family is not only right there.

usage: python scripts/make-random-models.py OUT [FAMILY ...]          (no family: all)
then:  HEADSCOPE_RANDOM_MODELS=OUT npx vitest run test/conformance/models.test.ts

Needs torch, transformers 5 and safetensors; "hooked" also transformer-lens below version 4.
"""
import os
import re
import sys
import warnings
import zlib

warnings.filterwarnings("ignore")
import torch
from safetensors.torch import save_file

torch.set_num_threads(1)

VOCAB, CONTEXT = 83, 40
TOKENS = dict(vocab_size=VOCAB, bos_token_id=1, eos_token_id=2, pad_token_id=0)

# what most configurations call their sizes
NAMED = dict(
    TOKENS,
    hidden_size=48,
    intermediate_size=70,
    num_hidden_layers=2,
    num_attention_heads=4,
    max_position_embeddings=CONTEXT,
)

# one entry per family: model_type and the keys of its configuration
FAMILIES = {
    "gptneox": ("gpt_neox", dict(NAMED, rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.5))),
    "gptneox-sequential": (
        "gpt_neox",
        dict(
            NAMED,
            use_parallel_residual=False,
            attention_bias=False,
            hidden_act="gelu_new",
            rope_parameters=dict(rope_type="default", rope_theta=500.0, partial_rotary_factor=1.0),
        ),
    ),
    "gptj": ("gptj", dict(TOKENS, n_embd=60, n_layer=2, n_head=5, n_positions=CONTEXT, n_inner=44, rotary_dim=4)),
    "gptneo": (
        "gpt_neo",
        dict(
            TOKENS,
            hidden_size=36,
            num_layers=3,
            num_heads=3,
            intermediate_size=50,
            max_position_embeddings=CONTEXT,
            window_size=3,
            attention_types=[[["local", "global"], 1], [["local"], 1]],
            activation_function="gelu",
        ),
    ),
    "opt": (
        "opt",
        dict(TOKENS, hidden_size=40, num_hidden_layers=2, num_attention_heads=5, ffn_dim=52, max_position_embeddings=CONTEXT, word_embed_proj_dim=40),
    ),
    "opt-unbiased": (
        "opt",
        dict(
            TOKENS,
            hidden_size=40,
            num_hidden_layers=2,
            num_attention_heads=5,
            ffn_dim=52,
            max_position_embeddings=CONTEXT,
            word_embed_proj_dim=40,
            enable_bias=False,
            activation_function="gelu",
        ),
    ),
    "phi": (
        "phi",
        dict(NAMED, num_key_value_heads=2, rope_parameters=dict(rope_type="default", rope_theta=700.0, partial_rotary_factor=0.5)),
    ),
    "qwen2": ("qwen2", dict(NAMED, num_key_value_heads=2, tie_word_embeddings=False)),
    "qwen2-sliding": (
        "qwen2",
        dict(NAMED, num_hidden_layers=3, num_key_value_heads=1, use_sliding_window=True, sliding_window=4, max_window_layers=1),
    ),
    "qwen3": ("qwen3", dict(NAMED, num_key_value_heads=2, head_dim=10, tie_word_embeddings=False)),
    "qwen3-biased": (
        "qwen3",
        dict(
            NAMED,
            num_key_value_heads=4,
            head_dim=8,
            attention_bias=True,
            use_sliding_window=True,
            sliding_window=6,
            layer_types=["sliding_attention", "full_attention"],
        ),
    ),
    "mistral": ("mistral", dict(NAMED, num_key_value_heads=2, head_dim=16, sliding_window=3)),
    "gemma": ("gemma", dict(NAMED, num_key_value_heads=2, head_dim=14)),
    "gemma-biased": ("gemma", dict(NAMED, num_key_value_heads=4, head_dim=6, attention_bias=True)),
    "gemma2": (
        "gemma2",
        dict(
            NAMED,
            num_hidden_layers=4,
            num_key_value_heads=1,
            head_dim=10,
            sliding_window=4,
            query_pre_attn_scalar=7,
            attn_logit_softcapping=4.0,
            final_logit_softcapping=6.0,
        ),
    ),
    "gemma2-uncapped": (
        "gemma2",
        dict(NAMED, num_key_value_heads=2, head_dim=12, sliding_window=3, attn_logit_softcapping=None, final_logit_softcapping=None),
    ),
    "gemma3": (
        "gemma3_text",
        dict(
            NAMED,
            num_hidden_layers=5,
            num_key_value_heads=2,
            head_dim=10,
            sliding_window=4,
            sliding_window_pattern=3,
            query_pre_attn_scalar=13,
            rope_parameters=dict(
                full_attention=dict(rope_type="linear", factor=4.0, rope_theta=50000.0),
                sliding_attention=dict(rope_type="default", rope_theta=300.0),
            ),
        ),
    ),
    "phi3": ("phi3", dict(NAMED, num_key_value_heads=2, sliding_window=5, original_max_position_embeddings=CONTEXT)),
    "phi3-longrope": (
        "phi3",
        dict(
            NAMED,
            num_key_value_heads=1,
            max_position_embeddings=160,
            original_max_position_embeddings=CONTEXT,
            rope_parameters=dict(
                rope_type="longrope",
                rope_theta=10000.0,
                partial_rotary_factor=0.7,
                short_factor=[1.0, 1.2, 1.9, 2.5],
                long_factor=[2.0, 3.0, 5.0, 9.0],
            ),
        ),
    ),
    "olmo2": ("olmo2", dict(NAMED, num_key_value_heads=2, rms_norm_eps=1e-6)),
    "olmo2-biased": ("olmo2", dict(NAMED, num_key_value_heads=4, attention_bias=True, tie_word_embeddings=True)),
    "smollm3": ("smollm3", dict(NAMED, num_hidden_layers=4, num_key_value_heads=2, no_rope_layers=[1, 0, 1, 0])),
    "smollm3-sliding": (
        "smollm3",
        dict(
            NAMED,
            num_hidden_layers=3,
            num_key_value_heads=1,
            no_rope_layer_interval=3,
            use_sliding_window=True,
            sliding_window=5,
            attention_bias=True,
            mlp_bias=True,
            tie_word_embeddings=False,
        ),
    ),
}

# models of TransformerLens, which has no Hugging Face form of them: keys of HookedTransformerConfig
HOOKED = {
    "hooked-shortformer": dict(n_layers=2, d_model=40, d_head=10, attn_only=True, normalization_type="LNPre", positional_embedding_type="shortformer"),
    "hooked-attn-only": dict(n_layers=3, d_model=36, d_head=10, n_heads=3, attn_only=True, normalization_type="LN", attn_scale=2.5),
    "hooked-unnormed": dict(n_layers=2, d_model=32, d_head=8, attn_only=True, normalization_type=None, use_attn_scale=False),
    "hooked-mlp": dict(
        n_layers=2, d_model=40, d_head=10, d_mlp=56, act_fn="gelu", normalization_type="LN", scale_attn_by_inverse_layer_idx=True
    ),
    "hooked-parallel": dict(n_layers=2, d_model=40, d_head=10, act_fn="relu", normalization_type="LN", parallel_attn_mlp=True),
}


def redraw(model, seed):
    """Weights wide enough that attention is far from uniform; no norm is 1 and no bias 0."""
    generator = torch.Generator().manual_seed(seed)
    kind = model.config.model_type if hasattr(model, "config") else "hooked"
    # norms that multiply by 1 + weight
    unit = kind.startswith("gemma")
    for name, parameter in sorted(model.named_parameters()):
        drawn = torch.randn(parameter.shape, generator=generator)
        gain = re.search(r"(norm|ln_|\.ln).*(weight|\.w)$", name, re.I)
        with torch.no_grad():
            if parameter.ndim == 1:
                parameter.copy_((0.0 if unit else 1.0) + 0.2 * drawn if gain else 0.1 * drawn)
            elif re.search(r"\.b_[QKV]$", name):
                parameter.copy_(0.1 * drawn)
            else:
                # TransformerLens' matrices are [.., in, out]
                width = parameter.shape[-2] if kind == "hooked" else min(parameter.shape)
                wide = re.search(r"(embed|wte|wpe|lm_head|W_E|W_pos|W_U)", name)
                parameter.copy_(drawn * (0.6 if wide else 1.5 / width ** 0.5))
                if kind == "gpt_neo" and "q_proj" in name:
                    parameter.div_(3)  # its scores are not scaled: wider ones would round too coarsely to compare


def prompts(seed):
    """Rows of ids, and the same with padding on the left of one of them."""
    generator = torch.Generator().manual_seed(seed + 1)
    ids = torch.randint(3, VOCAB, (3, 15), generator=generator)
    ids[1, 8:] = ids[1, :7]
    padded, mask = ids.clone(), torch.ones_like(ids)
    padded[2, :4], mask[2, :4] = 0, 0
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    return ids, padded, mask, positions


def save(folder, tensors):
    save_file({name: x.detach().clone().contiguous() for name, x in tensors.items()}, os.path.join(folder, "reference.safetensors"))


def make(folder, name):
    from transformers import AutoConfig, AutoModelForCausalLM

    model_type, keys = FAMILIES[name]
    seed = zlib.crc32(f"headscope {name}".encode()) % 100000
    torch.manual_seed(seed)
    config = AutoConfig.for_model(model_type, **keys)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32)
    redraw(model, seed)
    model.tie_weights()
    model.save_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    ids, padded, mask, positions = prompts(seed)
    with torch.no_grad():
        out = model(ids, output_hidden_states=True, output_attentions=True, use_cache=False)
        given = dict(attention_mask=mask, use_cache=False)
        try:
            behind = model(padded, position_ids=positions, **given).logits
        except TypeError:  # finds them out from the mask
            behind = model(padded, **given).logits
    save(
        folder,
        {
            "input_ids": ids,
            "hf.logits": out.logits,
            **{f"hf.hidden_states.{i}": x for i, x in enumerate(out.hidden_states)},
            **{f"hf.attentions.{i}": x for i, x in enumerate(out.attentions)},
            "padded.input_ids": padded,
            "padded.attention_mask": mask,
            "padded.hf.logits_mask_and_positions": behind,
        },
    )


def make_hooked(folder, name):
    import json

    from transformer_lens import HookedTransformer, HookedTransformerConfig

    seed = zlib.crc32(f"headscope {name}".encode()) % 100000
    keys = dict(n_ctx=CONTEXT, d_vocab=VOCAB, device="cpu", seed=seed, **HOOKED[name])
    model = HookedTransformer(HookedTransformerConfig(**keys)).eval()
    redraw(model, seed)
    model.set_use_attn_result(True)
    ids, padded, mask, _ = prompts(seed)
    with torch.no_grad():
        logits, cache = model.run_with_cache(ids)
        behind = model(padded, attention_mask=mask)
        # without norms there is none at the end
        final = getattr(model, "ln_final", torch.nn.Identity())(cache["resid_post", -1])
    plain = {key: value if isinstance(value, (bool, int, float, str, list, type(None))) else str(value) for key, value in model.cfg.to_dict().items()}
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump({"architectures": ["HookedTransformer"], **plain}, file, indent=1)
    weights = {key: value.detach().clone().contiguous() for key, value in model.state_dict().items()}
    save_file(weights, os.path.join(folder, "model.safetensors"))
    layers = range(model.cfg.n_layers)
    save(
        folder,
        {
            "input_ids": ids,
            "hf.logits": logits,
            **{f"hf.hidden_states.{i}": cache["resid_pre", i] for i in layers},
            f"hf.hidden_states.{len(layers)}": final,
            **{f"hf.attentions.{i}": cache["pattern", i] for i in layers},
            **{f"tl.{key}": value for key, value in cache.items()},
            "padded.input_ids": padded,
            "padded.attention_mask": mask,
            "padded.hf.logits_mask_and_positions": behind,
        },
    )


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    out, asked = sys.argv[1], sys.argv[2:]
    every = [*FAMILIES, *HOOKED]
    unknown = [name for name in asked if name not in every and name != "hooked"]
    if unknown:
        sys.exit(f"no family {unknown[0]}; known: hooked (all that begin with it), {', '.join(every)}")
    for name in every:
        if asked and name not in asked and not (name in HOOKED and "hooked" in asked):
            continue
        (make_hooked if name in HOOKED else make)(os.path.join(out, name), name)
        print(name, flush=True)


if __name__ == "__main__":
    main()
