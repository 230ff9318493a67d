"""The reference table of the tokenizer tests: what Hugging Face tokenizers makes of a list of texts.

usage: python make_tokenizers.py OUT.json.gz TEXTS.json NAME=TOKENIZER.json ...
(made with Python 3.11 and tokenizers 0.23.3)
"""

import gzip
import hashlib
import json
import sys

from tokenizers import Tokenizer

out, texts_file, *files = sys.argv[1:]
texts = json.load(open(texts_file, encoding="utf8"))
table = {"texts": texts, "tokenizers": {}}
for name, path in (file.split("=", 1) for file in files):
    tokenizer = Tokenizer.from_file(path)
    cases = []
    for text in texts:
        plain = tokenizer.encode(text, add_special_tokens=False)
        full = tokenizer.encode(text, add_special_tokens=True)
        decoded = tokenizer.decode(plain.ids, skip_special_tokens=False)
        assert full.ids[len(full.ids) - len(plain.ids) :] == plain.ids
        cases.append(
            {
                "ids": plain.ids,
                # Flat: start, end, start, end, ... in code points.
                "offsets": [at for pair in plain.offsets for at in pair],
                "front": full.ids[: len(full.ids) - len(plain.ids)],
                **({} if decoded == text else {"decoded": decoded}),
            }
        )
    table["tokenizers"][name] = {
        "sha256": hashlib.sha256(open(path, "rb").read()).hexdigest(),
        "vocab_size": tokenizer.get_vocab_size(),
        "cases": cases,
    }
with open(out, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
    packed.write(json.dumps(table, separators=(",", ":")).encode())
