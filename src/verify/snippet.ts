/** Prompt of the snippet: it says something twice, so that heads which look back have something to find. */
const PROMPT = "The ferry leaves twice a day. My grandmother said that the ferry leaves twice a day.";

/**
 * A Python program that writes a reference with Hugging Face's transformers: float32, eager attention, one prompt.
 * @param model what `from_pretrained` is given: a hub id or a folder, or the path of a `.gguf` file
 * @param text the prompt. Default two English sentences
 */
export function referenceSnippet(model: string, text: string = PROMPT): string {
	const [, folder, file] = /^(?:(.*)[\\/])?([^\\/]+\.gguf)$/i.exec(model) ?? [];
	const source = file === undefined ? python(model) : `${python(folder || ".")}, gguf_file=${python(file)}`;
	return `import re, torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
text, kept = ${python(text)}, {}
model = AutoModelForCausalLM.from_pretrained(${source}, dtype=torch.float32, attn_implementation="eager").eval()
ids = AutoTokenizer.from_pretrained(${source})(text, return_tensors="pt").input_ids
for path, module in model.named_modules():
    if at := re.search(r"(layers|h)\\.\\d+(\\.(self_attn|attn|attention|mlp))?$", path):
        module.register_forward_hook(lambda m, i, o, at=at[0]: kept.update({at: o[0] if isinstance(o, tuple) else o}))
with torch.no_grad(): out = model(ids, output_hidden_states=True, output_attentions=True, use_cache=False)
kept |= dict(input_ids=ids, logits=out.logits, hidden_states=torch.stack(out.hidden_states), attentions=torch.stack(out.attentions))
save_file({name: x.clone().contiguous() for name, x in kept.items()}, "reference.safetensors", {"text": text})
`;
}

/** A string literal of Python; JSON's are, but for characters outside the basic plane. */
function python(text: string): string {
	return JSON.stringify(text);
}
