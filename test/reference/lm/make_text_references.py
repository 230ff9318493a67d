"""HF and TransformerLens references on text prompts for a trained model folder: logits, hidden states, attentions, cache, greedy text.
usage: python make_text_references.py FOLDER OUTDIR PROMPT1 PROMPT2 [threads]   (a left-padded batch of the two prompts; the cache is of prompt 1)"""
import sys, os, re, json, warnings, logging
warnings.filterwarnings('ignore'); logging.disable(logging.WARNING)
import torch; torch.set_num_threads(int(sys.argv[5]) if len(sys.argv) > 5 else 1); torch.set_grad_enabled(False)
import transformers; transformers.utils.logging.disable_progress_bar()
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformer_lens.model_bridge import TransformerBridge
from safetensors.torch import save_file
d, out, p1, p2 = sys.argv[1:5]; os.makedirs(out, exist_ok=True)
tok = AutoTokenizer.from_pretrained(d)
BOS = tok.bos_token_id; PAD = tok.pad_token_id if tok.pad_token_id is not None else tok.eos_token_id
enc = lambda s: [BOS] + tok(s, add_special_tokens=False).input_ids
a, b = enc(p1), enc(p2); n = max(len(a), len(b))
ids = torch.tensor([a]); pid = torch.tensor([[PAD] * (n - len(x)) + x for x in (a, b)]); mask = torch.tensor([[0] * (n - len(x)) + [1] * len(x) for x in (a, b)])
pos = (mask.cumsum(-1) - 1).clamp(min=0).masked_fill(mask == 0, 1)
m = AutoModelForCausalLM.from_pretrained(d, attn_implementation='eager', dtype=torch.float32).eval()
o = m(ids, output_hidden_states=True, output_attentions=True, use_cache=False)
T = {'input_ids': ids, 'hf.logits': o.logits, 'padded.input_ids': pid, 'padded.attention_mask': mask, 'padded.position_ids': pos}
T['padded.hf.logits_last'] = m(pid, attention_mask=mask, position_ids=pos, use_cache=False).logits[:, -1]
for i, h in enumerate(o.hidden_states): T[f'hf.hidden_states.{i}'] = h
for i, h in enumerate(o.attentions): T[f'hf.attentions.{i}'] = h
gen = {}
for name, s in (('prompt1', a), ('prompt2', b)):
    g = m.generate(torch.tensor([s]), attention_mask=torch.ones(1, len(s), dtype=torch.long), max_new_tokens=24, do_sample=False, pad_token_id=PAD, eos_token_id=None)[0].tolist()
    gen[name] = {'input_ids': s, 'output_ids': g, 'text': tok.decode(g)}
g = m.generate(pid, attention_mask=mask, max_new_tokens=24, do_sample=False, pad_token_id=PAD, eos_token_id=None)
gen['padded_batch'] = {'input_ids': pid.tolist(), 'attention_mask': mask.tolist(), 'output_ids': g.tolist(), 'same_as_single': [g[i].tolist()[n - len(x):] == gen[f'prompt{i+1}']['output_ids'] for i, x in enumerate((a, b))]}
h2 = m.half(); gen['fp16_weights_note'] = 'fp32 weights above'
m = AutoModelForCausalLM.from_pretrained(d, attn_implementation='eager', dtype=torch.float32).eval()
C = re.compile(r'^(hook_embed|hook_pos_embed|ln_final\.hook_(scale|normalized)|blocks\.\d+\.(hook_(resid_pre|resid_mid|resid_post|attn_out|mlp_out)|attn\.hook_(q|k|v|z|attn_scores|pattern|rot_q|rot_k)|mlp\.hook_(pre|post|pre_linear)|(ln1|ln2)\.hook_(scale|normalized)))$')
br = TransformerBridge.boot_transformers(d, dtype=torch.float32, device='cpu', tokenizer=tok).eval()
lo, ca = br.run_with_cache(ids)
for k, v in ca.items():
    if C.match(k): T['tl.' + k] = v
T['tl.logits'] = lo; T['tl.loss_per_token'] = br(ids, return_type='loss', loss_per_token=True)
L = br.cfg.n_layers
cmp = {'logits': float((lo - T['hf.logits']).abs().max()), 'pattern': max(float((T[f'tl.blocks.{i}.attn.hook_pattern'] - T[f'hf.attentions.{i}']).abs().max()) for i in range(L)),
       'resid_pre': max(float((T[f'tl.blocks.{i}.hook_resid_pre'] - T[f'hf.hidden_states.{i}']).abs().max()) for i in range(L)), 'max_abs_resid': float(T[f'tl.blocks.{L-1}.hook_resid_pre'].abs().max())}
save_file({k: v.detach().clone().contiguous() for k, v in T.items()}, out + '/reference.safetensors')
json.dump({'prompts': [p1, p2], 'str_tokens': [tok.decode([i]) for i in a], 'tl_vs_hf_max_abs_diff': cmp, 'tl_to_tokens_prompt1': br.to_tokens(p1)[0].tolist(), 'loss': float(T['tl.loss_per_token'].mean()), 'generation': gen,
  'shapes': {k: list(v.shape) for k, v in T.items()}, 'versions': {'torch': torch.__version__, 'transformers': transformers.__version__, 'transformer_lens': '4.3.0'}}, open(out + '/reference.json', 'w'), indent=1)
print(os.path.basename(out), cmp, 'loss', float(T['tl.loss_per_token'].mean()), gen['padded_batch']['same_as_single'], gen['prompt1']['text'], '|', gen['prompt2']['text'], br.to_tokens(p1)[0].tolist()[:3], a[:3])
