"""How each Python library loads a Hugging Face folder: weights as they are, float32, on the CPU."""

import torch


def hugging_face(folder):
    import transformers
    from transformers import AutoModelForCausalLM

    transformers.logging.set_verbosity_error()
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    return model.eval()


def hooked_transformer(folder):
    """GPT-2 in TransformerLens 2."""
    from transformer_lens import HookedTransformer, HookedTransformerConfig
    from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights

    source = hugging_face(folder)
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
    return model.eval()


def bridge(folder):
    """Any model in TransformerLens 4."""
    from transformer_lens.model_bridge import TransformerBridge

    return TransformerBridge.boot_transformers(folder, dtype=torch.float32, device="cpu").eval()
