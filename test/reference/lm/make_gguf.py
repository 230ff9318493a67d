"""Random-weight models as llama.cpp's converter writes them: names from the gguf package, rows of queries and keys in
pairs where llama.cpp rotates pairs, Gemma's norms as 1 + weight.
usage: python make_gguf.py MODELS OUT [NAME ...]          (no name: all)"""
import json, os, sys
import numpy as np
import gguf
from safetensors.numpy import load_file

ARCHS = {
    "rand-gpt2": "gpt2",
    "rand-llama-tied-gqa-theta5e5": "llama", "rand-mistral-sliding": "llama", "rand-qwen2": "qwen2", "rand-qwen3": "qwen3",
    "rand-gemma": "gemma", "rand-gemma2": "gemma2", "rand-gemma3": "gemma3", "rand-phi3": "phi3", "rand-olmo2": "olmo2",
    "rand-smollm3": "smollm3",
    "rand-gptneox": "gptneox", "rand-gptneox-sequential": "gptneox", "rand-phi": "phi2",
}
# with LayerNorm
CLASSIC = {"gpt2", "gptneox", "phi2"}
PAIRED = {"llama", "smollm3"}


def permute(rows, heads):
    """LlamaModel.permute of convert_hf_to_gguf.py."""
    shape = rows.shape
    return rows.reshape(heads, 2, shape[0] // heads // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


def by_kind(rows, heads):
    """The three parts of each head as all queries, all keys, all values (GPTNeoXModel of convert_hf_to_gguf.py)."""
    shape = rows.shape
    return rows.reshape(heads, 3, shape[0] // heads // 3, *shape[1:]).swapaxes(0, 1).reshape(shape)


def named(c):
    """GPT-2's configuration by the keys of the others."""
    if c["model_type"] != "gpt2":
        return c
    return dict(
        c, hidden_size=c["n_embd"], num_hidden_layers=c["n_layer"], num_attention_heads=c["n_head"], max_position_embeddings=c["n_positions"],
        intermediate_size=c["n_inner"] or 4 * c["n_embd"], layer_norm_eps=c["layer_norm_epsilon"],
    )


def write(source, target, name):
    arch = ARCHS[name]
    c = named(json.load(open(os.path.join(source, "config.json"))))
    w = gguf.GGUFWriter(target, arch)
    heads, layers, vocab = c["num_attention_heads"], c["num_hidden_layers"], c["vocab_size"]
    kv = c.get("num_key_value_heads") or heads
    width = c.get("head_dim") or c["hidden_size"] // heads
    w.add_context_length(c["max_position_embeddings"])
    w.add_embedding_length(c["hidden_size"])
    w.add_block_count(layers)
    w.add_feed_forward_length(c["intermediate_size"])
    w.add_head_count(heads)
    rope = c.get("rope_parameters")
    if arch != "gpt2":
        w.add_head_count_kv(kv)
    if arch in CLASSIC:
        w.add_layer_norm_eps(c["layer_norm_eps"])
    if rope and arch in CLASSIC:
        w.add_rope_dimension_count(int(rope["partial_rotary_factor"] * width))
    if arch not in CLASSIC:
        w.add_layer_norm_rms_eps(c["rms_norm_eps"])
    if arch == "gptneox":
        w.add_parallel_residual(c["use_parallel_residual"])
    if rope:
        w.add_rope_freq_base(rope.get("full_attention", rope)["rope_theta"])
    if arch.startswith("gemma") or c.get("head_dim"):
        w.add_key_length(width)
        w.add_value_length(width)
    if arch in PAIRED or arch == "phi3":
        w.add_rope_dimension_count(width)
    if arch == "phi3":
        w.add_rope_scaling_orig_ctx_len(c["original_max_position_embeddings"])
        w.add_sliding_window(c["sliding_window"] or 0)
    if arch in ("gemma2", "gemma3"):
        w.add_sliding_window(c["sliding_window"])
    if arch == "gemma2":
        w.add_attn_logit_softcapping(c["attn_logit_softcapping"])
        w.add_final_logit_softcapping(c["final_logit_softcapping"])
    w.add_tokenizer_model("llama")
    w.add_token_list(["<unk>", "<s>", "</s>"] + [f"t{i}" for i in range(3, vocab)])
    w.add_token_scores([-float(i) for i in range(vocab)])
    w.add_token_types([2, 3, 3] + [1] * (vocab - 3))
    w.add_bos_token_id(1)
    names = gguf.get_tensor_name_map(next(a for a, n in gguf.MODEL_ARCH_NAMES.items() if n == arch), layers)
    for key, tensor in load_file(os.path.join(source, "model.safetensors")).items():
        tensor = tensor.astype(np.float32)
        if arch.startswith("gemma") and key.endswith("norm.weight"):
            tensor = tensor + np.float32(1)
        if arch in PAIRED and ".q_proj." in key:
            tensor = permute(tensor, heads)
        if arch in PAIRED and ".k_proj." in key:
            tensor = permute(tensor, kv)
        if arch == "gptneox" and ".query_key_value." in key:
            tensor = by_kind(tensor, heads)
        if arch == "gpt2" and tensor.ndim == 2 and ".h." in key:
            tensor = tensor.T  # GPT2Model of convert_hf_to_gguf.py
        name = names.get_name(key, try_suffixes=(".weight", ".bias"))
        assert name, key
        w.add_tensor(name, tensor)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


for name in sys.argv[3:] or ARCHS:
    write(os.path.join(sys.argv[1], name), os.path.join(sys.argv[2], name + ".gguf"), name)
