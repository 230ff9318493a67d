"""Train tiny two-layer models with induction heads on repeated random segments + a synthetic grammar.
usage: python train_tiny_models.py gpt2|llama OUTDIR MAX_MINUTES [SEED]
Phase 1: length 48 until the second copy of 20 random tokens is predicted; phase 2: length 128 until that of 50 is; then the rate decays to 0 over 300 steps.
An extra loss (weight 0.3 fading to 0.1 over NUDGE steps, off in the last phase) rewards head 0 of layer 0 for attending to the previous token and
head 1 of layer 1 for attending, in repeated passages, to the token after an earlier occurrence of the current one, so the two kinds of head are known in advance; everything else is left to training."""
import sys, os, json, time, math, random
import numpy as np, torch
torch.set_num_threads(int(os.environ.get('THREADS', '1')))
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, AutoModelForCausalLM
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__))); import word_tokenizer
kind, out, minutes = sys.argv[1], sys.argv[2], float(sys.argv[3]); seed = int(sys.argv[4]) if len(sys.argv) > 4 else 0
torch.manual_seed(seed); rng = np.random.default_rng(seed)
V, TMAX = 256, 128
T, B = 48, 64
det = 'the a'.split(); adj = 'red blue big small old new dark warm cold quick lazy green'.split()
noun = 'fox dog cat bird tree house river stone lamp road book ship cup king child'.split()
verb = 'saw took found lost liked held chased moved'.split(); prep = 'near under over behind with'.split()
name = 'Mary John Anna Tom Lucy Paul Emma Max Nina Leo'.split(); place = 'store park school garden market station'.split(); item = 'drink ring ball letter coin key'.split()
other = 'when and went to , gave . then said that is in capital of'.split()
words = det + adj + noun + verb + prep + name + place + item + other
names = ['<pad>', '<s>', '</s>'] + words; names += [f't{i}' for i in range(len(names), V)]
ix = {w: i for i, w in enumerate(names)}; assert len(ix) == V
A = lambda l: [ix[w] for w in l]
D_, J_, N_, Vb, P_, Nm, Pl, It = map(A, (det, adj, noun, verb, prep, name, place, item))
pick = lambda l: l[rng.integers(len(l))]
def np_(): return [pick(D_)] + ([pick(J_)] if rng.random() < .5 else []) + [pick(N_)]
def sentence():
    r = rng.random()
    if r < .35:
        a, b = rng.choice(len(Nm), 2, replace=False); a, b = Nm[a], Nm[b]
        s, o = (a, b) if rng.random() < .5 else (b, a)
        p, i = pick(Pl), pick(It)
        return [ix['when'], a, ix['and'], b, ix['went'], ix['to'], ix['the'], p, ix[','], s, ix['gave'], ix['a'], i, ix['to'], o, ix['.']]
    if r < .8:
        s = np_() + [pick(Vb)] + np_()
        if rng.random() < .5: s += [pick(P_)] + np_()
        return s + [ix['.']]
    return [pick(Nm), ix['said'], ix['that']] + np_() + [ix['is'], pick(P_)] + np_() + [ix['.']]
def row():
    """ids [T], weight [T] of predicting that id"""
    r = rng.random(); ids = [1]; w = [0.]
    if r < .45:      # one random segment repeated to the end
        k = int(round(math.exp(rng.uniform(math.log(3), math.log(T // 2 - 1))))); s = rng.integers(3, V, k).tolist()
        while len(ids) < T: w += [0.05 if len(ids) <= k else 1.] * k; ids += s
    elif r < .7:     # segment, filler, the segment again, filler, again ...
        k = int(round(math.exp(rng.uniform(math.log(2), math.log(T // 4))))); s = rng.integers(3, V, k).tolist(); first = True
        while len(ids) < T:
            f = rng.integers(3, V, int(rng.integers(0, 12))).tolist(); ids += f; w += [0.02] * len(f)
            ids += s; w += [0.05] * k if first else [0.2] + [1.] * (k - 1); first = False
    elif r < .85:    # grammar
        while len(ids) < T: s = sentence(); ids += s; w += [0.5] * len(s)
    else:            # grammar, with one passage said twice
        s = sum([sentence() for _ in range(6)], [])[:T // 2 - 4]; ids += s; w += [.5] * len(s)
        while len(ids) < T: ids += s; w += [1.] * len(s)
    return ids[:T], w[:T]
def batch(b):
    x, w = zip(*[row() for _ in range(b)]); return torch.tensor(x), torch.tensor(w)
if kind == 'gpt2':
    cfg = GPT2Config(vocab_size=V, n_embd=96, n_layer=2, n_head=6, n_positions=TMAX, bos_token_id=1, eos_token_id=2, pad_token_id=0, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, initializer_range=0.08)
    m = GPT2LMHeadModel._from_config(cfg, attn_implementation='sdpa')
    with torch.no_grad():  # sinusoidal start for the (trained) position embedding: previous-token heads form sooner
        ps = torch.arange(TMAX)[:, None]; fr = torch.exp(-math.log(100.) * torch.arange(0, 96, 2) / 96)
        m.transformer.wpe.weight.copy_(0.15 * torch.cat([torch.sin(ps * fr), torch.cos(ps * fr)], 1))
else:
    cfg = LlamaConfig(vocab_size=V, hidden_size=96, intermediate_size=256, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=True, bos_token_id=1, eos_token_id=2, pad_token_id=0, initializer_range=0.08)
    m = LlamaForCausalLM._from_config(cfg, attn_implementation='sdpa')
n = sum(p.numel() for p in m.parameters()); print(kind, 'params', n)
dec = [p for p in m.parameters() if p.ndim > 1]; nod = [p for p in m.parameters() if p.ndim == 1]
opt = torch.optim.AdamW([{'params': dec, 'weight_decay': 0.02}, {'params': nod, 'weight_decay': 0.}], lr=0, betas=(.9, .98))
def scores(n):
    ge = torch.Generator().manual_seed(123); ev = torch.randint(3, V, (16, n), generator=ge); ev = torch.cat([torch.ones(16, 1, dtype=torch.long), ev, ev], 1)
    m.eval(); m.set_attn_implementation('eager')
    with torch.no_grad():
        o = m(ev, output_attentions=True, use_cache=False); l = torch.nn.functional.cross_entropy(o.logits[:, :-1].transpose(1, 2), ev[:, 1:], reduction='none')
        ind = torch.stack([a.diagonal(1 - n, -2, -1)[..., 2:].mean((0, -1)) for a in o.attentions]); prev = torch.stack([a.diagonal(-1, -2, -1).mean((0, -1)) for a in o.attentions])
    m.set_attn_implementation('sdpa' if end is not None else 'eager'); m.train()
    return l[:, :n].mean().item(), l[:, n+1:].mean().item(), ind, prev, (o.logits[:, n+1:-1].argmax(-1) == ev[:, n+2:]).float().mean().item()
t0 = time.time(); log = []; step = 0; LR = 3e-3; m.train(); phase = 1; end = None; DECAY = 300; NUDGE = 300; m.set_attn_implementation('eager')
while end is None or step < end:
    if end is None and time.time() - t0 > minutes * 60: end = step + DECAY
    lr = LR * min(1, (step + 1) / 100) * (1 if end is None else max(0.01, (end - step) / DECAY))
    for g in opt.param_groups: g['lr'] = lr
    x, w = batch(B)
    nudge = max(1 / 3, 1 - step / NUDGE) if end is None else 0.
    if end is not None and m.config._attn_implementation != 'sdpa': m.set_attn_implementation('sdpa')
    o_ = m(x, use_cache=False, output_attentions=nudge > 0); lo = o_.logits
    ce = torch.nn.functional.cross_entropy(lo[:, :-1].flatten(0, 1), x[:, 1:].flatten(), reduction='none').view(B, -1)
    loss = (ce * w[:, 1:]).sum() / w[:, 1:].sum()
    if nudge > 0:
        A0, A1 = o_.attentions[0][:, 0], o_.attentions[1][:, 1]
        same = (x[:, :, None] == x[:, None, :]).tril(-1)  # [b, q, p]: x_p = x_q, p < q
        tgt = torch.zeros_like(same); tgt[:, :, 1:] = same[:, :, :-1]; tgt = tgt.tril()
        copy = torch.zeros_like(w); copy[:, :-1] = (w[:, 1:] == 1).float() * tgt.any(-1)[:, :-1]
        hit = (A1 * tgt).sum(-1).clamp_min(1e-6).log()
        loss = loss - 0.3 * nudge * (A0.diagonal(-1, -2, -1).clamp_min(1e-6).log().mean() + (hit * copy).sum() / copy.sum().clamp_min(1))
    opt.zero_grad(); loss.backward(); torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0); opt.step()
    if step % 50 == 0:
        n_ = 20 if phase == 1 else 50
        a, b, ind, prev, acc = scores(n_); log.append({'step': step, 'phase': phase, 'n': n_, 'seconds': round(time.time() - t0, 1), 'train_loss': loss.item(), 'first_copy_loss': a, 'second_copy_loss': b, 'second_copy_accuracy': acc, 'best_induction': ind.max().item(), 'best_previous_token_layer0': prev[0].max().item()})
        print({k: round(v, 3) for k, v in log[-1].items()}, flush=True)
        if phase == 1 and (b < 0.5 or time.time() - t0 > minutes * 45): phase = 2; T, B = TMAX, 32
        elif phase == 2 and b < 0.15 and end is None: end = step + DECAY
    step += 1
a, b, ind, prev, acc = scores(50)
os.makedirs(out, exist_ok=True); m.eval(); m.config.dtype = 'float32'; m.save_pretrained(out); word_tokenizer.write(out, V, T, names)
json.dump({'architecture': kind, 'seed': seed, 'steps': step, 'seconds': time.time() - t0, 'batch_tokens': 'phase 1: 64 x 48, phase 2: 32 x 128', 'params': n, 'torch': torch.__version__, 'first_copy_loss': a, 'second_copy_loss': b, 'second_copy_accuracy': acc,
  'induction_score': ind.tolist(), 'previous_token_score': prev.tolist(), 'curve': log}, open(out + '/training.json', 'w'), indent=1)
print('steps', step, 'second copy loss', b, 'acc', acc); print(ind); print(prev)
