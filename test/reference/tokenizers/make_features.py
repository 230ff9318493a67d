"""Small tokenizers that use one feature each, and what Hugging Face tokenizers makes of a few texts with them.

usage: python make_features.py OUT.json
(made with Python 3.11 and tokenizers 0.23.3)
"""

import json
import sys

from tokenizers import Tokenizer

LETTERS = [chr(c) for c in range(0x20, 0x7F)] + list("▁éèß̣̂́σςΣǅfiﬁ①가각ᄀ ") + ["\n", "\t", "\u0307", "\u3000"]
VOCAB = {token: i for i, token in enumerate(dict.fromkeys(LETTERS))}
for token in ["<unk>", "▁▁", "▁a", "ab", "he", "the", "▁the", "él"]:
    VOCAB.setdefault(token, len(VOCAB))
MERGES = [["▁", "▁"], ["▁", "a"], ["a", "b"], ["h", "e"], ["t", "he"], ["▁", "the"], ["é", "l"]]
NO_UNK = {"type": "BPE", "vocab": VOCAB, "merges": MERGES}
BPE = {**NO_UNK, "unk_token": "<unk>"}
WORDS = {"type": "WordLevel", "unk_token": "<unk>", "vocab": {w: i for i, w in enumerate(["<unk>", "the", "a", "b", ",", "42", "é"])}}


def sequence(*normalizers):
    return {"type": "Sequence", "normalizers": list(normalizers)}


def replace(pattern, content):
    return {"type": "Replace", "pattern": {"String": pattern}, "content": content}


def added(content, **flags):
    return {"id": 1000 + len(content), "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": True, **flags}


def metaspace(scheme):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": False}


FEATURES = {
    "unknown characters, fused": {"model": {**BPE, "fuse_unk": True}},
    "unknown characters, one by one": {"model": BPE},
    "characters without a token are dropped": {"model": NO_UNK},
    "NFC": {"model": BPE, "normalizer": {"type": "NFC"}},
    "NFD": {"model": BPE, "normalizer": {"type": "NFD"}},
    "NFKC": {"model": BPE, "normalizer": {"type": "NFKC"}},
    "NFKD": {"model": BPE, "normalizer": {"type": "NFKD"}},
    "Lowercase": {"model": BPE, "normalizer": {"type": "Lowercase"}},
    "Strip": {"model": BPE, "normalizer": {"type": "Strip", "strip_left": True, "strip_right": True}},
    "Strip on the left": {"model": BPE, "normalizer": {"type": "Strip", "strip_left": True, "strip_right": False}},
    "NFD and StripAccents": {"model": BPE, "normalizer": sequence({"type": "NFD"}, {"type": "StripAccents"})},
    "Prepend and Replace": {"model": BPE, "normalizer": sequence({"type": "Prepend", "prepend": "▁"}, replace(" ", "▁"))},
    "Replace by more and by nothing": {"model": BPE, "normalizer": sequence(replace("b", "abc"), replace("the", ""))},
    "Metaspace always": {"model": BPE, "pre_tokenizer": metaspace("always"), "decoder": metaspace("always"), "added_tokens": [added("<x>")]},
    "Metaspace first": {"model": BPE, "pre_tokenizer": metaspace("first"), "decoder": metaspace("first"), "added_tokens": [added("<x>")]},
    "Metaspace never": {"model": BPE, "pre_tokenizer": metaspace("never"), "decoder": metaspace("never")},
    "words": {"model": WORDS, "pre_tokenizer": {"type": "WhitespaceSplit"}},
    "words and punctuation": {"model": WORDS, "pre_tokenizer": {"type": "Whitespace"}},
    "digits one by one": {"model": BPE, "pre_tokenizer": {"type": "Digits", "individual_digits": True}},
    "digits together": {"model": BPE, "pre_tokenizer": {"type": "Digits", "individual_digits": False}},
    "Split, removed": {"model": BPE, "pre_tokenizer": {"type": "Split", "pattern": {"String": "a"}, "behavior": "Removed", "invert": False}},
    "added tokens with spaces": {"model": BPE, "added_tokens": [added("<x>", lstrip=True, rstrip=True), added("<yy>", lstrip=True)]},
    "added tokens, longest": {"model": BPE, "added_tokens": [added("<x>"), added("<x> the"), added("the <x> a")]},
    "normalized added tokens": {"model": BPE, "normalizer": {"type": "Lowercase"}, "added_tokens": [added("<x>", normalized=True, special=False), added("<YY>")]},
    "no decoder": {"model": BPE},
}
TEXTS = ["", " ", "the ab", " the  the", "  a b\n", "<x>the<x> a", "the <x>  <yy>  <X><YY> b", "e\u0301le\u0323\u0302", "e\u0302\u0323l",
         "él \ufb01 ①Σ", "ΑΣ ΣΑς İ ǅ", "日本 the 日a本", "a,b 42 é_x", "\u1100\u1161\u11a8각", "the\u00a0a\u3000b\u0085c", "😀the😀", "12 ½ ٣a1", "▁the ▁"]

out = {"texts": TEXTS, "features": {}}
for name, feature in FEATURES.items():
    file = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
            "pre_tokenizer": None, "post_processor": None, "decoder": None, **feature}
    tokenizer = Tokenizer.from_str(json.dumps(file))
    # The library renumbers added tokens that are not in the vocabulary.
    for token in file["added_tokens"]:
        token["id"] = tokenizer.token_to_id(token["content"])
    cases = []
    for text in TEXTS:
        encoding = tokenizer.encode(text)
        cases.append({"ids": encoding.ids, "offsets": [at for pair in encoding.offsets for at in pair],
                      "decoded": tokenizer.decode(encoding.ids, skip_special_tokens=False)})
    out["features"][name] = {"file": file, "cases": cases}
json.dump(out, open(sys.argv[1], "w"), ensure_ascii=True, separators=(",", ":"))
