"""llama2.c checkpoint (stories260K.bin + tok512.bin) -> HF Llama folder.
usage: python convert_stories260k.py CHECKPOINT TOKENIZER OUTDIR"""
import sys, struct, json, os
import numpy as np, torch
torch.set_num_threads(1)
from transformers import LlamaConfig, LlamaForCausalLM
from tokenizers import Tokenizer, models, decoders, normalizers, AddedToken, processors
ck, tk, out = sys.argv[1:4]
b = open(ck, 'rb').read()
dim, hid, L, H, KV, V, T = struct.unpack('7i', b[:28])
shared = V > 0; V = abs(V)
a = np.frombuffer(b[28:], '<f4'); o = 0
def take(*s):
    global o
    n = int(np.prod(s)); x = torch.from_numpy(a[o:o+n].reshape(s).copy()); o += n; return x
hd = dim // H
emb = take(V, dim); ra = take(L, dim); wq = take(L, H*hd, dim); wk = take(L, KV*hd, dim); wv = take(L, KV*hd, dim)
wo = take(L, dim, H*hd); rf = take(L, dim); w1 = take(L, hid, dim); w2 = take(L, dim, hid); w3 = take(L, hid, dim); fn = take(dim)
fr = take(T, hd//2); fi = take(T, hd//2)
print('left', len(a) - o, 'shared', shared)
def perm(w, h):  # interleaved rotary pairs -> half split
    return w.view(h, w.shape[0]//h//2, 2, w.shape[1]).transpose(1, 2).reshape(w.shape)
cfg = LlamaConfig(vocab_size=V, hidden_size=dim, intermediate_size=hid, num_hidden_layers=L, num_attention_heads=H, num_key_value_heads=KV,
    max_position_embeddings=T, rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=bool(shared), bos_token_id=1, eos_token_id=2, hidden_act='silu', dtype='float32')
m = LlamaForCausalLM(cfg).eval()
sd = {'model.embed_tokens.weight': emb, 'model.norm.weight': fn, 'lm_head.weight': emb}
for l in range(L):
    p = f'model.layers.{l}.'
    sd.update({p+'input_layernorm.weight': ra[l], p+'post_attention_layernorm.weight': rf[l],
      p+'self_attn.q_proj.weight': perm(wq[l], H), p+'self_attn.k_proj.weight': perm(wk[l], KV), p+'self_attn.v_proj.weight': wv[l], p+'self_attn.o_proj.weight': wo[l],
      p+'mlp.gate_proj.weight': w1[l], p+'mlp.down_proj.weight': w2[l], p+'mlp.up_proj.weight': w3[l]})
print(m.load_state_dict(sd, strict=False))
m.save_pretrained(out)
# tokenizer: sentencepiece BPE, merge order = score order
t = open(tk, 'rb').read(); o = 4; toks = []
while o < len(t):
    s, n = struct.unpack('fi', t[o:o+8]); o += 8; toks.append((t[o:o+n].decode('utf8'), s)); o += n
pieces = []
for i, (p, s) in enumerate(toks):
    pieces.append({0: '<unk>', 1: '<s>', 2: '</s>'}.get(i, p if p.startswith('<0x') and 3 <= i < 259 else p.replace(' ', '\u2581')))
assert len(set(pieces)) == len(pieces)
vocab = {p: i for i, p in enumerate(pieces)}
score = {p: toks[i][1] for i, p in enumerate(pieces)}
merges = []
for p, i in sorted(vocab.items(), key=lambda kv: kv[1]):
    if i < 259 or len(p) < 2: continue
    loc = [(p[:k], p[k:]) for k in range(1, len(p)) if p[:k] in vocab and p[k:] in vocab and vocab[p[:k]] >= 259 and vocab[p[k:]] >= 259]
    loc.sort(key=lambda x: (vocab[x[0]], vocab[x[1]]))
    merges += loc
tok = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token='<unk>', fuse_unk=True, byte_fallback=True))
tok.normalizer = normalizers.Sequence([normalizers.Prepend('\u2581'), normalizers.Replace(' ', '\u2581')])
tok.decoder = decoders.Sequence([decoders.Replace('\u2581', ' '), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(' ', 1, 0)])
tok.add_special_tokens([AddedToken(x, normalized=False, special=True) for x in ('<unk>', '<s>', '</s>')])
tok.post_processor = processors.TemplateProcessing(single='<s> $A', pair='<s> $A <s>:1 $B:1', special_tokens=[('<s>', 1)])
tok.save(os.path.join(out, 'tokenizer.json'))
json.dump({'tokenizer_class': 'PreTrainedTokenizerFast', 'bos_token': '<s>', 'eos_token': '</s>', 'unk_token': '<unk>', 'add_bos_token': True, 'add_eos_token': False,
  'clean_up_tokenization_spaces': False, 'model_max_length': T}, open(os.path.join(out, 'tokenizer_config.json'), 'w'), indent=1)
from transformers import AutoTokenizer
at = AutoTokenizer.from_pretrained(out)
print(at('Once upon a time, there was a little girl'), [at.decode([i]) for i in at('Once upon a time')['input_ids']])
ids = torch.tensor([[1]])
with torch.no_grad():
    g = m.generate(ids, max_new_tokens=200, do_sample=False, pad_token_id=2)
print(at.decode(g[0]))
