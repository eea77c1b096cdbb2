"""Makes reference values for decoder families: small random checkpoints and what transformers computes with them on a CPU in float32.

Usage: python make_families.py FOLDER [--seed N] [--hidden N] [--only NAME,NAME]

Needs torch and transformers 5. Adds its models to FOLDER/models.json and FOLDER/models/, in the form that e2e/golden reads; models of
other names in that file stay.
"""

import argparse
import json
import os
import shutil

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, CONFIG_MAPPING

GREEDY_PROMPT, GREEDY_LENGTH, LENGTH, VOCABULARY = 6, 12, 28, 48

SIZES = dict(
    vocab_size=VOCABULARY, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0,
)
LONG = [1.0 + 0.5 * i for i in range(32)]
SHORT = [1.0 + 0.05 * i for i in range(32)]


def longrope(pairs, **others):
    return dict(rope_type="longrope", short_factor=SHORT[:pairs], long_factor=LONG[:pairs], **others)


# name: (model_type, what differs from SIZES, whether config.json takes the form from before transformers 5).
# Lengths around 20 make the rows of 28 tokens long for a model, and the greedy continuation of 18 short.
def cases(head):
    return {
        "llama-bias-mqa": ("llama", dict(attention_bias=True, mlp_bias=True, num_key_value_heads=1, head_dim=12), True),
        "llama-pad-in-text": ("llama", dict(pad_token_id=5, tie_word_embeddings=True), False),
        "llama-linear": ("llama", dict(rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=5e5)), True),
        "llama-dynamic": ("llama", dict(max_position_embeddings=20, tie_word_embeddings=True,
                                        rope_parameters=dict(rope_type="dynamic", factor=3.0, rope_theta=1e4)), True),
        "llama-llama3": ("llama", dict(rope_parameters=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0,
                                       high_freq_factor=4.0, original_max_position_embeddings=20, rope_theta=100.0)), True),
        "llama-longrope": ("llama", dict(rope_parameters=longrope(head // 2, factor=4.0, rope_theta=1e4,
                                         original_max_position_embeddings=20)), False),
        "llama-yarn": ("llama", dict(rope_parameters=dict(rope_type="yarn", factor=4.0, rope_theta=100.0,
                                     original_max_position_embeddings=20, attention_factor=1.3)), False),
        "mistral-full": ("mistral", dict(sliding_window=None, head_dim=10), True),
        "mistral-window": ("mistral", dict(sliding_window=7), False),
        "qwen2-window": ("qwen2", dict(use_sliding_window=True, max_window_layers=1, sliding_window=5), True),
        "qwen2-yarn": ("qwen2", dict(tie_word_embeddings=True, rope_parameters=dict(
            rope_type="yarn", factor=4.0, original_max_position_embeddings=16, beta_fast=8.0, beta_slow=0.5, truncate=False,
            mscale=0.7, mscale_all_dim=1.1, rope_theta=50.0)), True),
        "qwen3-window": ("qwen3", dict(head_dim=16, attention_bias=True, use_sliding_window=True, sliding_window=6,
                                       layer_types=["sliding_attention", "full_attention"]), False),
        "smollm3-window": ("smollm3", dict(no_rope_layer_interval=2, use_sliding_window=True, sliding_window=6,
                                           num_hidden_layers=3, attention_bias=True, mlp_bias=True), True),
        "phi3-partial": ("phi3", dict(rope_parameters=dict(rope_type="default", rope_theta=1e4, partial_rotary_factor=0.75),
                                      sliding_window=9, tie_word_embeddings=True), False),
        "phi3-longrope": ("phi3", dict(original_max_position_embeddings=20, rope_parameters=longrope(
            head // 4, rope_theta=1e4, partial_rotary_factor=0.5)), True),
        "phi3-longrope-short": ("phi3", dict(original_max_position_embeddings=32, rope_parameters=longrope(
            head // 2, rope_theta=1e4)), False),
        "gemma3-linear": ("gemma3_text", dict(
            head_dim=8, query_pre_attn_scalar=20, sliding_window=5, num_hidden_layers=3, sliding_window_pattern=3,
            rope_parameters=dict(full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1e6),
                                 sliding_attention=dict(rope_type="default", rope_theta=1e4))), True),
        "gemma3-untied": ("gemma3_text", dict(
            head_dim=12, query_pre_attn_scalar=12, sliding_window=6, attention_bias=True, tie_word_embeddings=False,
            layer_types=["full_attention", "sliding_attention"],
            rope_parameters=dict(full_attention=dict(rope_type="yarn", factor=4.0, rope_theta=100.0,
                                                     original_max_position_embeddings=20),
                                 sliding_attention=dict(rope_type="default", rope_theta=50.0))), False),
        "reward-llama": ("llama", dict(num_labels=1), False),
        "reward-qwen3": ("qwen3", dict(num_labels=1, head_dim=8), True),
        "reward-phi3": ("phi3", dict(num_labels=1), True),
        "reward-gemma3": ("gemma3_text", dict(num_labels=1, head_dim=8, sliding_window=5), False),
    }


def old_form(config):
    """config.json as transformers 4 wrote it."""
    ropes = config.pop("rope_parameters")
    config["torch_dtype"] = config.pop("dtype")
    if config["model_type"] == "gemma3_text":
        full = ropes["full_attention"]
        config["rope_local_base_freq"] = ropes["sliding_attention"]["rope_theta"]
        config.pop("layer_types")
        ropes = full
    config["rope_theta"] = ropes.pop("rope_theta")
    if (partial := ropes.pop("partial_rotary_factor", None)) is not None:
        config["partial_rotary_factor"] = partial
    kind = ropes.pop("rope_type")
    ropes["rope_type" if config["model_type"] == "gemma3_text" else "type"] = kind
    config["rope_scaling"] = None if kind == "default" else ropes
    if config["model_type"] in ("qwen2", "smollm3"):
        config.pop("layer_types")
    return config


def randomize(model, generator):
    """Weights large enough that every part of the model shows in the logits, and exact in bfloat16, which they are saved in."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() > 1:
            value = noise * (0.6 if "embed" in name else 1.4 / parameter.shape[1] ** 0.5)
        elif name.endswith("norm.weight"):
            value = noise * 0.2 + parameter.detach()
        else:
            value = noise * 0.3
        parameter.data = value.bfloat16().float()


def rows(generator):
    ids = torch.randint(3, VOCABULARY, (3, LENGTH), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, :9] = 0
    mask[2, 19:] = 0
    return ids * mask, mask


def numbers(tensor):
    return [float(f"{x:.9g}") for x in tensor.flatten().tolist()]


def make(folder, name, case, arguments):
    model_type, changes, old = case
    generator = torch.Generator().manual_seed(arguments.seed)
    reward = "num_labels" in changes
    auto = AutoModelForSequenceClassification if reward else AutoModelForCausalLM
    config = CONFIG_MAPPING[model_type](**{**SIZES, "hidden_size": arguments.hidden, **changes})
    config.tie_word_embeddings = changes.get("tie_word_embeddings", model_type == "gemma3_text")
    model = auto.from_config(config, dtype=torch.float32)
    randomize(model, generator)
    path = os.path.join(folder, "models", name)
    shutil.rmtree(path, ignore_errors=True)
    model.to(torch.bfloat16).save_pretrained(path)
    if os.path.exists(generation := os.path.join(path, "generation_config.json")):
        os.remove(generation)
    written = os.path.join(path, "config.json")
    if old:
        with open(written) as file:
            config = old_form(json.load(file))
        with open(written, "w") as file:
            json.dump(config, file, indent=2)

    # What is judged is the folder, so the folder is what is loaded.
    model = auto.from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()
    ids, mask = rows(generator)
    expected = dict(input_ids=ids.tolist(), attention_mask=mask.tolist())
    if reward:
        with torch.no_grad():
            return {**expected, "scores": numbers(model(input_ids=ids, attention_mask=mask).logits)}
    logits = model(input_ids=ids, attention_mask=mask).logits
    kept = mask.bool()
    predicted = kept[:, 1:] & kept[:, :-1]
    loss = torch.nn.functional.cross_entropy(logits[:, :-1][predicted], ids[:, 1:][predicted])
    loss.backward()
    norms = {key: numbers(value.grad.norm())[0] for key, value in model.named_parameters()}
    places = [(0, 3), (0, LENGTH - 1), (1, 12), (1, LENGTH - 1), (2, 18)]
    with torch.no_grad():
        greedy = model.generate(ids[:1, :GREEDY_PROMPT], attention_mask=mask[:1, :GREEDY_PROMPT], do_sample=False,
                                max_new_tokens=GREEDY_LENGTH, min_new_tokens=GREEDY_LENGTH, eos_token_id=None, pad_token_id=0)
    return {
        **expected,
        "logits_at": {f"{row},{column}": numbers(logits[row, column].detach()) for row, column in places},
        "greedy": greedy[0, GREEDY_PROMPT:].tolist(),
        "causal_lm_loss": numbers(loss.detach())[0],
        "grad_norms": norms,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    target = os.path.join(arguments.folder, "models.json")
    content = {"source": {"transformers": transformers.__version__, "torch": torch.__version__}, "models": {}}
    if os.path.exists(target):
        with open(target) as file:
            content = json.load(file)
    for name, case in cases(arguments.hidden // 4).items():
        if arguments.only and name not in arguments.only.split(","):
            continue
        content["models"][name] = make(arguments.folder, name, case, arguments)
        print(name)
    with open(target, "w") as file:
        json.dump(content, file)


if __name__ == "__main__":
    main()
