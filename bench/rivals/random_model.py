"""A known model's shape with seeded random weights, as a Hugging Face folder that every side loads.

usage: python random_model.py (gpt2-small | smollm2-135m) FOLDER
"""

import json
import os
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

MODELS = {
    "gpt2-small": lambda: GPT2LMHeadModel(GPT2Config()),
    "smollm2-135m": lambda: LlamaForCausalLM(
        LlamaConfig(
            vocab_size=49152,
            hidden_size=576,
            intermediate_size=1536,
            num_hidden_layers=30,
            num_attention_heads=9,
            num_key_value_heads=3,
            max_position_embeddings=8192,
            rms_norm_eps=1e-5,
            rope_theta=100000.0,
            tie_word_embeddings=True,
        )
    ),
}


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


def main(name, folder):
    torch.manual_seed(0)
    model = MODELS[name]()
    with torch.no_grad():
        # Biases and norms start at 0 and 1; noise there lets a wrong side show in its outputs.
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    os.makedirs(folder, exist_ok=True)
    model.save_pretrained(folder)
    write_tokenizer(folder, model.config.vocab_size)


main(sys.argv[1], sys.argv[2])
