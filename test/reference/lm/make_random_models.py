"""Small random-weight models of many architectures, with HF and TransformerLens references.
usage: python make_random_models.py OUTROOT [name ...]"""
import sys, os, json, re, warnings, traceback, zlib
warnings.filterwarnings('ignore')
import torch
torch.set_num_threads(1)
import transformers, transformer_lens
from transformers import AutoConfig, AutoModelForCausalLM
from transformer_lens.model_bridge import TransformerBridge
from safetensors.torch import save_file
transformers.logging.set_verbosity_error()
try:
    transformers.utils.logging.disable_progress_bar()
except Exception: pass
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__))); import word_tokenizer
root = sys.argv[1]; only = sys.argv[2:]
V, D, L, H, T = 97, 32, 3, 4, 64
base = dict(vocab_size=V, bos_token_id=1, eos_token_id=2, pad_token_id=0)
ll = dict(base, hidden_size=D, intermediate_size=56, num_hidden_layers=L, num_attention_heads=H, max_position_embeddings=T, rms_norm_eps=1e-5)
g2 = dict(base, n_embd=D, n_layer=L, n_head=H, n_positions=T)
MODELS = {
 'rand-gpt2': ('gpt2', dict(g2)),
 'rand-gpt2-inverse-layer-scale': ('gpt2', dict(g2, scale_attn_by_inverse_layer_idx=True, layer_norm_epsilon=1e-4)),
 'rand-gpt2-noscale-untied-relu': ('gpt2', dict(g2, scale_attn_weights=False, tie_word_embeddings=False, activation_function='relu', n_inner=48)),
 'rand-llama': ('llama', dict(ll, num_key_value_heads=H, rope_theta=1e4, tie_word_embeddings=False)),
 'rand-llama-tied-gqa-theta5e5': ('llama', dict(ll, num_key_value_heads=2, rope_theta=5e5, tie_word_embeddings=True)),
 'rand-llama-llama3-rope': ('llama', dict(ll, num_key_value_heads=2, rope_theta=1e4, tie_word_embeddings=False,
     rope_scaling=dict(rope_type='llama3', factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64))),
 'rand-llama-linear-rope': ('llama', dict(ll, num_key_value_heads=1, rope_theta=1e4, tie_word_embeddings=True, rope_scaling=dict(rope_type='linear', factor=4.0))),
 'rand-llama-bias-headdim': ('llama', dict(ll, num_key_value_heads=2, head_dim=12, attention_bias=True, mlp_bias=True, tie_word_embeddings=False)),
 'rand-mistral-sliding': ('mistral', dict(ll, num_key_value_heads=2, sliding_window=5, tie_word_embeddings=False)),
 'rand-qwen2': ('qwen2', dict(ll, num_key_value_heads=2, tie_word_embeddings=True, rms_norm_eps=1e-6)),
 'rand-qwen3': ('qwen3', dict(ll, num_key_value_heads=2, head_dim=16, tie_word_embeddings=True, rms_norm_eps=1e-6)),
 'rand-gemma': ('gemma', dict(ll, num_key_value_heads=1, head_dim=16, rms_norm_eps=1e-6)),
 'rand-gemma2': ('gemma2', dict(ll, num_key_value_heads=2, head_dim=16, rms_norm_eps=1e-6, sliding_window=5, query_pre_attn_scalar=24, attn_logit_softcapping=5.0, final_logit_softcapping=3.0)),
 'rand-gemma3': ('gemma3_text', dict(ll, num_key_value_heads=2, head_dim=16, rms_norm_eps=1e-6, sliding_window=5, query_pre_attn_scalar=24,
     layer_types=['sliding_attention', 'full_attention', 'sliding_attention'], rope_theta=1e6, rope_local_base_freq=1e4)),
 'rand-phi3': ('phi3', dict(ll, num_key_value_heads=2, tie_word_embeddings=False, sliding_window=None, original_max_position_embeddings=T)),
 'rand-olmo2': ('olmo2', dict(ll, num_key_value_heads=2, tie_word_embeddings=False)),
 'rand-smollm3': ('smollm3', dict(ll, num_key_value_heads=2, no_rope_layer_interval=2, tie_word_embeddings=True)),
 'rand-gptneox': ('gpt_neox', dict(base, hidden_size=D*2, intermediate_size=96, num_hidden_layers=L, num_attention_heads=H, max_position_embeddings=T, rotary_pct=0.25, use_parallel_residual=True, tie_word_embeddings=False)),
 'rand-gptneox-sequential': ('gpt_neox', dict(base, hidden_size=D*2, intermediate_size=96, num_hidden_layers=L, num_attention_heads=H, max_position_embeddings=T, rotary_pct=1.0, use_parallel_residual=False, tie_word_embeddings=False)),
 'rand-gptneo-local': ('gpt_neo', dict(base, hidden_size=D, num_layers=4, attention_types=[[['global', 'local'], 2]], num_heads=H, window_size=4, max_position_embeddings=T, intermediate_size=None)),
 'rand-gptj': ('gptj', dict(base, n_embd=D*2, n_layer=L, n_head=H, n_positions=T, rotary_dim=8, n_inner=None, tie_word_embeddings=False)),
 'rand-phi': ('phi', dict(ll, num_key_value_heads=H, partial_rotary_factor=0.5, tie_word_embeddings=False)),
 'rand-opt': ('opt', dict(base, hidden_size=D, ffn_dim=64, num_hidden_layers=L, num_attention_heads=H, max_position_embeddings=T, word_embed_proj_dim=D, do_layer_norm_before=True, activation_function='relu')),
}
CLASSIC = re.compile(r'^(hook_embed|hook_pos_embed|ln_final\.hook_(scale|normalized)|blocks\.\d+\.(hook_(resid_pre|resid_mid|resid_post|attn_out|mlp_out|mlp_in|attn_in|q_input|k_input|v_input)|attn\.hook_(q|k|v|z|result|attn_scores|pattern|rot_q|rot_k)|mlp\.hook_(pre|post|pre_linear)|(ln1|ln2|ln1_post|ln2_post)\.hook_(scale|normalized)))$')

def reinit(model, seed):
    g = torch.Generator().manual_seed(seed)
    for n, p in sorted(model.named_parameters()):
        with torch.no_grad():
            r = torch.randn(p.shape, generator=g)
            norm = re.search(r'(norm|ln_|\.ln|layernorm)', n, re.I)
            if p.ndim == 1:
                if norm and n.endswith('weight'):
                    p.copy_((0.0 if 'gemma' in model.config.model_type else 1.0) + 0.2 * r)
                else: p.copy_(0.1 * r)
            else:
                emb = re.search(r'(embed|wte|wpe|lm_head)', n)
                p.copy_(r * (0.5 if emb else 1.6 / (p.shape[-1] ** 0.5)))

def to_t(x): return x.detach().clone().contiguous()
def fdiff(a, b):
    a, b = a.double(), b.double()
    big = (a < -1e30) & (b < -1e30)
    d = (a - b).abs(); d[big] = 0
    return float(d.max())

def cache_tensors(cache, prefix):
    out, alias, shapes, seen = {}, {}, {}, []
    names = sorted(cache.keys(), key=lambda k: (0 if CLASSIC.match(k) else 1))
    order = {k: i for i, k in enumerate(cache.keys())}
    for k in names:
        v = cache[k]
        if not isinstance(v, torch.Tensor): continue
        v = to_t(v); shapes[k] = list(v.shape)
        if not CLASSIC.match(k):
            hit = next((n for n, w in seen if w.shape == v.shape and w.dtype == v.dtype and torch.equal(w, v)), None)
            if hit: alias[k] = hit; continue
        seen.append((k, v)); out[prefix + k] = v
    return out, alias, {k: shapes[k] for k in sorted(shapes, key=order.get)}

summary = {}
for name, (mt, kw) in MODELS.items():
    if only and name not in only: continue
    try:
        d = os.path.join(root, name); os.makedirs(d, exist_ok=True)
        seed = zlib.crc32(name.encode()) % 100000
        torch.manual_seed(seed)
        cfg = AutoConfig.for_model(mt, **kw)
        m = AutoModelForCausalLM.from_config(cfg, attn_implementation='eager', dtype=torch.float32).eval()
        reinit(m, seed); m.tie_weights()
        m.save_pretrained(d); word_tokenizer.write(d, V, T)
        m = AutoModelForCausalLM.from_pretrained(d, attn_implementation='eager', dtype=torch.float32).eval()
        g = torch.Generator().manual_seed(seed + 1)
        ids = torch.randint(3, V, (2, 12), generator=g)
        ids[1, 6:] = ids[1, :6]  # row 1 repeats itself
        pid = ids.clone(); mask = torch.ones_like(pid); pid[1, :5] = 0; mask[1, :5] = 0
        pos = (mask.cumsum(-1) - 1).clamp(min=0).masked_fill(mask == 0, 1)
        T_ = {'input_ids': ids, 'padded.input_ids': pid, 'padded.attention_mask': mask, 'padded.position_ids': pos}
        with torch.no_grad():
            o = m(ids, output_hidden_states=True, output_attentions=True, use_cache=False)
            T_['hf.logits'] = o.logits
            for i, h in enumerate(o.hidden_states): T_[f'hf.hidden_states.{i}'] = h
            for i, h in enumerate(o.attentions): T_[f'hf.attentions.{i}'] = h
            T_['hf.loss'] = torch.nn.functional.cross_entropy(o.logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
            T_['padded.hf.logits_mask_only'] = m(pid, attention_mask=mask, use_cache=False).logits
            try: T_['padded.hf.logits_mask_and_positions'] = m(pid, attention_mask=mask, position_ids=pos, use_cache=False).logits
            except Exception as e: print('   no position_ids', name, type(e).__name__)
            try:
                sdpa = AutoModelForCausalLM.from_pretrained(d, attn_implementation='sdpa', dtype=torch.float32).eval()
                sd = fdiff(sdpa(ids, use_cache=False).logits, o.logits)
            except Exception as e: sd = f'no sdpa: {type(e).__name__}'
        meta = {'model_type': mt, 'seed': seed, 'versions': {'torch': torch.__version__, 'transformers': transformers.__version__, 'transformer_lens': '4.3.0'}, 'sdpa_vs_eager_max_abs_logit_diff': sd}
        def boot():
            b = TransformerBridge.boot_transformers(d, dtype=torch.float32, device='cpu'); b.eval(); return b
        try:
            with torch.no_grad():
                b = boot()
                try: b.set_use_attn_result(True)
                except Exception as e: meta['attn_result'] = f'{type(e).__name__}: {e}'[:200]
                lo, ca = b.run_with_cache(ids)
                t, al, sh = cache_tensors(ca, 'tl.')
                T_.update(t); T_['tl.logits'] = lo
                T_['tl.loss_per_token'] = b(ids, return_type='loss', loss_per_token=True)
                pl = b(pid, attention_mask=mask)
                T_['padded.tl.logits'] = pl
                meta['tl'] = {'shapes': sh, 'same_tensor_as': al}
                cmp = {'logits': fdiff(lo, T_['hf.logits'])}
                for i in range(len(o.attentions)):
                    k = f'tl.blocks.{i}.attn.hook_pattern'
                    if k in T_: cmp[f'pattern.{i}'] = fdiff(T_[k], T_[f'hf.attentions.{i}'])
                    k = f'tl.blocks.{i}.hook_resid_pre'
                    if k in T_: cmp[f'resid_pre.{i}'] = fdiff(T_[k], T_[f'hf.hidden_states.{i}'])
                r = mask.bool()
                for kk in ('padded.hf.logits_mask_only', 'padded.hf.logits_mask_and_positions'):
                    if kk in T_: cmp['padded vs ' + kk.split('.')[-1]] = fdiff(pl[r], T_[kk][r])
                meta['tl_vs_hf_max_abs_diff'] = cmp
                if cmp['logits'] > 1e-2:  # the bridge computes something else here: keep only the HF numbers
                    T_ = {k: v for k, v in T_.items() if not k.startswith('tl.') and '.tl.' not in k}; meta['tl_dropped'] = 'bridge logits differ from HF; see tl_vs_hf_max_abs_diff'
        except Exception as e:
            print(e); meta['tl_error'] = f'{type(e).__name__}: {e}'[:400]; cmp = meta['tl_error'][:150]
        save_file({k: to_t(v) for k, v in T_.items()}, os.path.join(d, 'reference.safetensors'))
        # folded / centred weights ("compatibility mode" with default processing)
        try:
            with torch.no_grad():
                b = boot(); b.enable_compatibility_mode(disable_warnings=True)
                lo, ca = b.run_with_cache(ids)
                t, al, sh = cache_tensors(ca, 'tl.')
                keep = {k: v for k, v in t.items() if CLASSIC.match(k[3:])}
                keep['tl.logits'] = to_t(lo); keep['input_ids'] = ids
                if fdiff(lo.log_softmax(-1), T_['hf.logits'].log_softmax(-1)) < 1e-2: save_file(keep, os.path.join(d, 'reference_processed.safetensors'))
                meta['processed'] = {'shapes': {k: v for k, v in sh.items() if CLASSIC.match(k)}, 'log_prob_max_abs_diff_vs_hf': fdiff(lo.log_softmax(-1), T_['hf.logits'].log_softmax(-1))}
        except Exception as e:
            meta['processed_error'] = f'{type(e).__name__}: {e}'[:300]
        json.dump(meta, open(os.path.join(d, 'reference.json'), 'w'), indent=1)
        sizes = {f: os.path.getsize(os.path.join(d, f)) for f in os.listdir(d)}
        print(name, 'params', sum(p.numel() for p in m.parameters()), sizes['model.safetensors'], sizes['reference.safetensors'], cmp, 'sdpa', sd, 'proc', meta.get('processed', {}).get('log_prob_max_abs_diff_vs_hf', meta.get('processed_error')), flush=True)
        summary[name] = meta.get('tl_vs_hf_max_abs_diff', meta.get('tl_error'))
    except Exception as e:
        print('FAILED', name); traceback.print_exc(limit=4)
