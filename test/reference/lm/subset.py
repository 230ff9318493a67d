"""Keeps some tensors of a safetensors file. usage: python subset.py IN OUT REGEX"""
import json, re, struct, sys

source, target, pattern = sys.argv[1:4]
with open(source, "rb") as f:
    length = struct.unpack("<Q", f.read(8))[0]
    header = json.loads(f.read(length))
    data = f.read()
kept, out = {}, b""
for name, entry in header.items():
    if name == "__metadata__" or not re.search(pattern, name):
        continue
    start, end = entry["data_offsets"]
    kept[name] = {**entry, "data_offsets": [len(out), len(out) + end - start]}
    out += data[start:end]
text = json.dumps(kept, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
with open(target, "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text + out)
