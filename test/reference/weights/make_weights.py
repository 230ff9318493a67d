"""Makes blocks.safetensors and tiny.gguf: pip install gguf==0.19.0 safetensors numpy; python make_weights.py

blocks.safetensors: for each ggml type TYPE, `TYPE.blocks` (U8, blocks as a file has them) and `TYPE.values`
(F32, what the gguf package makes of them). The K types cannot be quantised by that package: their blocks
are random bytes with finite half-precision scales put in. `half.bits` and `half.values` are all finite
half-precision numbers, `bfloat.*` some bfloat16 ones.

tiny.gguf: metadata of every value type and a few tensors, whose values are `tiny.NAME` in blocks.safetensors.
"""

from pathlib import Path

import gguf
import numpy as np
from gguf.quants import dequantize, quantize
from safetensors.numpy import save_file

here = Path(__file__).parent
rng = np.random.default_rng(0)
Q = gguf.GGMLQuantizationType
out = {}

# byte offsets of the half-precision numbers in a block of each K type
HALVES = {Q.Q2_K: (80, 82), Q.Q3_K: (108,), Q.Q4_K: (0, 2), Q.Q5_K: (0, 2), Q.Q6_K: (208,)}


def random_blocks(kind, count):
    size = gguf.GGML_QUANT_SIZES[kind][1]
    blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
    for at in HALVES[kind]:
        scales = rng.normal(0, 0.02, (count, 1)).astype(np.float16)
        blocks[:, at : at + 2] = scales.view(np.uint8)
    return blocks


for kind in (Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1, Q.Q8_0):
    out[f"{kind.name}.blocks"] = quantize(rng.normal(0, 0.05, (8, 128)).astype(np.float32), kind).reshape(-1)
for kind in HALVES:
    out[f"{kind.name}.blocks"] = random_blocks(kind, 4).reshape(-1)
for name in [key.split(".")[0] for key in out]:
    out[f"{name}.values"] = dequantize(out[f"{name}.blocks"], Q[name]).reshape(-1)

half = np.arange(65536, dtype=np.uint16)
half = half[np.isfinite(half.view(np.float16))]
out["half.bits"] = half.view(np.int16)
out["half.values"] = half.view(np.float16).astype(np.float32)
bfloat = quantize(rng.normal(0, 3, (4, 64)).astype(np.float32), Q.BF16).reshape(-1)
out["bfloat.bits"] = bfloat.view(np.int16)
out["bfloat.values"] = dequantize(bfloat, Q.BF16).reshape(-1)

writer = gguf.GGUFWriter(here / "tiny.gguf", "llama")
writer.add_uint8("t.u8", 200)
writer.add_int8("t.i8", -100)
writer.add_uint16("t.u16", 60000)
writer.add_int16("t.i16", -30000)
writer.add_uint32("t.u32", 4000000000)
writer.add_int32("t.i32", -2000000000)
writer.add_float32("t.f32", 0.5)
writer.add_bool("t.bool", True)
writer.add_string("t.string", "zwölf Boxkämpfer")
writer.add_uint64("t.u64", 2**53 + 2)
writer.add_int64("t.i64", -5)
writer.add_float64("t.f64", 0.1)
writer.add_array("t.strings", ["a", "", "ß", "long enough to be a word"])
writer.add_array("t.ints", [1, -2, 3])
writer.add_array("t.floats", [0.5, -1.5])
writer.add_array("t.bools", [True, False])
normal = lambda *shape: rng.normal(0, 0.1, shape).astype(np.float32)
tensors = {
    "f32": (normal(3, 5), Q.F32),
    "f16": (normal(2, 3, 4), Q.F16),
    "bf16": (normal(7), Q.BF16),
    "q8": (normal(4, 64), Q.Q8_0),
    "q4": (normal(8, 32), Q.Q4_1),
}
for name, (values, kind) in tensors.items():
    data = values if kind == Q.F32 else values.astype(np.float16) if kind == Q.F16 else quantize(values, kind)
    writer.add_tensor(name, data, raw_dtype=kind)
    back = data.astype(np.float32) if kind in (Q.F32, Q.F16) else dequantize(data, kind)
    out[f"tiny.{name}"] = np.ascontiguousarray(back.reshape(values.shape))
k = random_blocks(Q.Q4_K, 2)
writer.add_tensor("q4k", k, raw_dtype=Q.Q4_K)
out["tiny.q4k"] = dequantize(k, Q.Q4_K)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

save_file(out, here / "blocks.safetensors", {"made with": f"gguf 0.19.0, numpy {np.__version__}"})
