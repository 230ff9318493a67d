"""Writes features-p2.pt, -p4.pt and -p5.pt (one object, three pickle protocols) and features.json: every kind
of storage, views and plain data; the p4 one without checksums. Needs torch; made with torch 2.14.1.

    python make_features.py
"""

import json
from collections import OrderedDict, defaultdict

import torch

base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8
tensors = OrderedDict(
    base=base,
    transposed=base.t(),
    columns=base[:, 1:5:2],
    row=base[2],
    scalar=torch.tensor(2.5),
    expanded=torch.tensor([[1.0], [2.0]]).expand(2, 3),
    empty=torch.zeros(0, 3),
    parameter=torch.nn.Parameter(torch.tensor([1.0, -1.0])),
    half=torch.tensor([0.5, -65504.0, 6e-8, float("inf")], dtype=torch.float16),
    bfloat=torch.tensor([0.5, 3e38, -1e-30], dtype=torch.bfloat16),
    double=torch.tensor([1 / 3, -0.0], dtype=torch.float64),
    long=torch.tensor([2**40, -1]),
    int=torch.tensor([2**31 - 1, -5], dtype=torch.int32),
    short=torch.tensor([-32768, 7], dtype=torch.int16),
    char=torch.tensor([-128, 127], dtype=torch.int8),
    byte=torch.tensor([0, 255], dtype=torch.uint8),
    bool=torch.tensor([[True, False], [False, True]]),
)
plain = {
    "none": None,
    "true": True,
    "ints": [0, 255, 65535, -1, 2**31 - 1, -(2**31), 2**40, -(2**53) + 1],
    "big": 2**70,
    "floats": [0.1, -0.0, 1e300],
    "text": "ünï ☃ 𝄞\n",
    "long text": "x" * 300,
    "tuple": (1, (2, 3), ()),
    "bytes": bytes(range(256)),
    "bytearray": bytearray(b"ab"),
    "set": {3},
    "frozenset": frozenset(["a"]),
    "defaultdict": defaultdict(list, {"k": [1]}),
    "__proto__": {"polluted": True},
    1: {2.5: "number keys"},
    "size": torch.Size([2, 3]),
    # what cannot be read: their names are all that is kept
    "dtype": torch.float32,
    "device": torch.device("cpu"),
    "method": base.sum.__self__.__class__.mean,
    "function": torch.nn.functional.softmax,
    "layout": torch.strided,
}
root = {"model": OrderedDict(tensors), "tensors": tensors, "plain": plain}
for name in ("long", "int", "short", "char", "byte", "bool"):
    del root["model"][name]
for protocol in (2, 4, 5):
    torch.serialization.set_crc32_options(protocol != 4)
    torch.save(root, f"features-p{protocol}.pt", pickle_protocol=protocol)

kinds = {torch.float64: "float64", torch.int64: "int64", torch.bool: "bool"}
kinds |= {d: "float32" for d in (torch.float32, torch.float16, torch.bfloat16)}
kinds |= {d: "int32" for d in (torch.int32, torch.int16, torch.int8, torch.uint8)}
described = {
    name: {
        "dtype": kinds[t.dtype],
        "shape": list(t.shape),
        "values": [str(x) for x in t.detach().double().flatten().tolist()],
    }
    for name, t in tensors.items()
}
json.dump({"torch": torch.__version__, "tensors": described}, open("features.json", "w"))
