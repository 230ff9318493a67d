"""Mends the points of a reference where the bridge has something else than HookedTransformer: scores that are the
pattern are taken from a cache of HookedTransformer (TransformerLens 3.9, its tensors under "plain."), and norms' points
that are flattened to [batch * pos, ..] get their three axes back.
usage: python classic_points.py REFERENCE HOOKED OUT     (safetensors files)"""
import re
import sys

from safetensors.numpy import load_file, save_file

source, hooked, target = sys.argv[1:4]
tensors, classic = load_file(source), load_file(hooked)
batch, pos = tensors["input_ids"].shape
for name, tensor in tensors.items():
    if name.endswith("attn.hook_attn_scores"):
        tensors[name] = classic["plain." + name.removeprefix("tl.")]
    elif re.search(r"ln\d\.hook_(scale|normalized)$", name) and tensor.ndim == 2:
        tensors[name] = tensor.reshape(batch, pos, -1)
save_file(tensors, target)
