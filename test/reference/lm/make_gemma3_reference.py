"""Gemma 3 270M: the weights of the GGUF file that scripts/fetch-test-models.mjs fetches, dequantised by the gguf package and
computed with by Hugging Face's Gemma3ForCausalLM (eager attention, float32). Of the logits every 64th is kept.
usage: python make_gemma3_reference.py FILE.gguf OUT     needs torch, transformers, gguf, safetensors"""
import sys

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

torch.set_num_threads(2)
reader = gguf.GGUFReader(sys.argv[1])
field = {name: f.contents() for name, f in reader.fields.items() if name.startswith("gemma3.")}
print(field)
config = Gemma3TextConfig(
    vocab_size=262144,
    hidden_size=field["gemma3.embedding_length"],
    intermediate_size=field["gemma3.feed_forward_length"],
    num_hidden_layers=field["gemma3.block_count"],
    num_attention_heads=field["gemma3.attention.head_count"],
    num_key_value_heads=field["gemma3.attention.head_count_kv"],
    head_dim=field["gemma3.attention.key_length"],
    rms_norm_eps=1e-6,
    sliding_window=field["gemma3.attention.sliding_window"],
    query_pre_attn_scalar=256,
    max_position_embeddings=field["gemma3.context_length"],
    attn_implementation="eager",
    dtype="float32",
)
names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GEMMA3, config.num_hidden_layers)
model = Gemma3ForCausalLM(config).eval().float()
stored = {t.name: t for t in reader.tensors}
state = {}
for key in model.state_dict():
    if key == "lm_head.weight":
        continue
    tensor = stored.pop(names.get_name(key, try_suffixes=(".weight",)))
    values = torch.from_numpy(np.ascontiguousarray(gguf.quants.dequantize(tensor.data, tensor.tensor_type)).astype("float32"))
    state[key] = values - 1 if key.endswith("norm.weight") else values
assert not stored, list(stored)
print(model.load_state_dict(state, strict=False))
model.tie_weights()
print(config.layer_types, config.rope_parameters)

text = "The quick brown fox jumps over the lazy dog. The quick brown"
# <bos> and the text's tokens
ids = torch.tensor([[2, 818, 3823, 8864, 37423, 38167, 1024, 506, 31770, 4799, 236761, 669, 3823, 8864]])
# longer than a window
long = torch.cat([ids, ids[:, 1:].repeat(1, 45)], 1)[:, :560]
out = {"input_ids": ids, "long_ids": long}
with torch.no_grad():
    run = model(ids, output_hidden_states=True, output_attentions=True, use_cache=False)
    out["hf.logits"] = run.logits[:, :, ::64]
    out["hf.top"] = run.logits.topk(5).indices
    for l in (0, 1, 5, 6, 17):
        out[f"hf.hidden_states.{l}"] = run.hidden_states[l]
    for l in (0, 5, 17):
        out[f"hf.attentions.{l}"] = run.attentions[l]
    logits = model(long, use_cache=False).logits
    out["hf.long_last"] = logits[:, -1, ::64]
print(run.logits[0, -1].topk(5))
save_file({k: v.clone().contiguous() for k, v in out.items()}, sys.argv[2])
