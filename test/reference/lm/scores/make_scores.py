"""The subset of TransformerLens' head scores that the tests compare with: integers as int32, scores as float32.
usage: python make_scores.py SOURCE, where SOURCE holds MODEL/scores.safetensors and MODEL/scores.json as
TransformerLens 4.3.0 on torch 2.13.0 gave them (see README.md for what each key is)."""
import json, os, sys
import numpy as np
from safetensors.numpy import load_file, save_file

here = os.path.dirname(os.path.abspath(__file__))
for model in ('tiny-gpt2-induction', 'tiny-llama-induction', 'stories260k', 'smollm2-135m'):
    tensors = load_file(f'{sys.argv[1]}/{model}/scores.safetensors')
    about = json.load(open(f'{sys.argv[1]}/{model}/scores.json'))
    kept = {}
    for key, value in tensors.items():
        if not key.startswith(('repeat.', 'repeat_nobos.', 'abxa.', 'detect.')): continue
        if key.endswith(('loss_per_token', 'patterns_first2', 'prob_of_B')): continue
        kept[key] = value.astype(np.int32 if value.dtype.kind == 'i' else np.float32)
    os.makedirs(f'{here}/{model}', exist_ok=True)
    save_file(kept, f'{here}/{model}/scores.safetensors')
    ablated = {key: value.astype(np.int32 if value.dtype.kind == 'i' else np.float32)
               for key, value in tensors.items() if key.startswith('ablate.')}
    save_file(ablated, f'{here}/{model}/ablations.safetensors')
    patched = {key: value.astype(np.int32 if value.dtype.kind == 'i' else np.float32)
               for key, value in tensors.items()
               if key.startswith('pair.') and (key.endswith('_ids') or '.patch_' in key) and '.lens_' not in key}
    save_file(patched, f'{here}/{model}/patching.safetensors')
    pairs = {key[len('pair.'):]: {'answer': pair['answer'][1], 'wrong': pair['other'][1], 'clean': pair['clean_metric'],
                                  'corrupted': pair['corrupted_metric'], 'texts': [pair['clean'], pair['corrupted']]}
             for key, pair in about.items() if key.startswith('pair.')}
    with open(f'{here}/{model}/patching.json', 'w') as file:
        file.write(json.dumps(pairs) + '\n')
    attributed = {key: value.astype(np.float32) for key, value in tensors.items() if '.attribution_' in key}
    save_file(attributed, f'{here}/{model}/attributions.safetensors')
    lens = {key: value.astype(np.int32 if value.dtype.kind == 'i' else np.float32) for key, value in tensors.items()
            if ('.lens_' in key or '.dla_' in key) and not key.endswith('cached_scale')}
    save_file(lens, f'{here}/{model}/lens.safetensors')
    info = {'n': about['repeat']['n'], 'bos': about['bos'], 'detect_ids': about['detect_head']['ids']}
    with open(f'{here}/{model}/scores.json', 'w') as file:
        file.write(json.dumps(info) + '\n')
