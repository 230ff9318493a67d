"""GPT-2 small's shape with seeded random weights, as a Hugging Face folder that every side loads.

usage: python gpt2_small.py FOLDER
"""

import json
import os
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel


def write_tokenizer(folder, vocab):
    """One word per id: TransformerLens' bridge wants a tokenizer in the folder; the benches pass ids."""
    names = ["<|endoftext|>" if i == vocab - 1 else f"t{i}" for i in range(vocab)]
    tokenizer = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token=names[-1]))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens([names[-1]])
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    special = {f"{kind}_token": names[-1] for kind in ("bos", "eos", "unk", "pad")}
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
        json.dump({"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 1024, **special}, file)


def main(folder):
    torch.manual_seed(0)
    config = GPT2Config()
    model = GPT2LMHeadModel(config)
    with torch.no_grad():
        # Biases and norms start at 0 and 1; noise there lets a wrong side show in its outputs.
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    os.makedirs(folder, exist_ok=True)
    model.save_pretrained(folder)
    write_tokenizer(folder, config.vocab_size)


main(sys.argv[1])
