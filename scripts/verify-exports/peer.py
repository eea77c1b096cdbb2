"""The other side of `npm run exports:verify`: makes small random models with transformers, and opens exports with transformers and PEFT."""

import json
import sys
from pathlib import Path

import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model


def main():
    command, job_file = sys.argv[1:]
    jobs = json.loads(Path(job_file).read_text())
    if command == "make":
        for job in jobs:
            make(**job)
    else:
        for job in jobs:
            write_logits(**job)


def make(folder, config, seed, dtype, max_shard_size, adapter=None):
    """A model of random weights, spread widely enough that its greedy tokens are clear; with an adapter of random weights beside it."""
    torch.manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(**config))
    plus_one = config["model_type"].startswith("gemma")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("norm.weight"):
                parameter.normal_(0.0 if plus_one else 1.0, 0.2)
            else:
                parameter.normal_(0.0, 0.3 if parameter.dim() == 1 else parameter.shape[-1] ** -0.5)
            parameter.copy_(parameter.half().to(getattr(torch, dtype)).float())
    model.to(getattr(torch, dtype)).save_pretrained(folder, max_shard_size=max_shard_size)
    if adapter is None:
        return
    lora = get_peft_model(model.float(), LoraConfig(task_type="CAUSAL_LM", **adapter["config"]))
    with torch.no_grad():
        for name, parameter in lora.named_parameters():
            if "lora_" in name:
                parameter.normal_(0.0, 0.1)
    lora.peft_config["default"].base_model_name_or_path = folder
    lora.save_pretrained(adapter["folder"])


def write_logits(folder, adapter, texts, result):
    """Logits of every position of every text, one text after the other, as raw float32."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    if adapter is not None:
        model = PeftModel.from_pretrained(model, adapter)
    model.eval()
    with torch.no_grad():
        rows = [model(torch.tensor([text])).logits[0] for text in texts]
    Path(result).write_bytes(torch.cat(rows).contiguous().numpy().tobytes())


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    main()
