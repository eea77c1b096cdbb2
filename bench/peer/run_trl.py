"""The peer of the bench: TRL's GRPOTrainer on a checkpoint, timed step by step. Prints one JSON line.

usage: PEER_THREADS=2 python run_trl.py '{"model": DIR, "dataset": FILE, "steps": N, "config": {GRPOConfig fields}, "lora_r": R}'
"""
import json
import logging
import os
import re
import resource
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch  # noqa: E402

torch.set_num_threads(int(os.environ.get("PEER_THREADS", "2")))

from datasets import load_dataset  # noqa: E402
from transformers import AutoTokenizer, TrainerCallback  # noqa: E402
from trl import GRPOConfig, GRPOTrainer  # noqa: E402

LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def accuracy(completions, answer, **_):
    found = [re.search(r"<answer>(.*?)</answer>", c[0]["content"]) for c in completions]
    return [float(f is not None and f.group(1) == a) for f, a in zip(found, answer)]


def tags(completions, **_):
    pattern = r"<think>.*?</think><answer>.*?</answer>"
    return [float(re.fullmatch(pattern, c[0]["content"]) is not None) for c in completions]


class StepClock(TrainerCallback):
    """Wall time of each step, the optimizer's part included, and the tokens it sampled."""

    def __init__(self):
        self.seconds, self.tokens = [], []

    def on_step_begin(self, args, state, control, **_):
        self.start = time.perf_counter()

    def on_step_end(self, args, state, control, **_):
        self.seconds.append(time.perf_counter() - self.start)

    def on_log(self, args, state, control, logs=None, **_):
        if "completions/mean_length" in logs:
            self.tokens.append(logs["completions/mean_length"] * args.per_device_train_batch_size)


def main(job):
    settings = dict(
        output_dir=tempfile.mkdtemp(), use_cpu=True, bf16=False, gradient_checkpointing=False, report_to=[], logging_steps=1,
        save_strategy="no", disable_tqdm=True, log_completions=False, seed=1, max_steps=job["steps"],
        learning_rate=3e-4, lr_scheduler_type="constant", temperature=1.0, num_iterations=1, beta=0.04, loss_type="grpo",
        epsilon=0.2, use_bias_correction_kl=False, reward_weights=[1.0, 0.2], **job["config"],
    )
    extra = {}
    if job["lora_r"]:
        from peft import LoraConfig

        extra["peft_config"] = LoraConfig(
            r=job["lora_r"], lora_alpha=2 * job["lora_r"], target_modules=LINEAR, task_type="CAUSAL_LM"
        )
    clock = StepClock()
    trainer = GRPOTrainer(
        model=job["model"],
        processing_class=AutoTokenizer.from_pretrained(job["model"]),
        reward_funcs=[accuracy, tags],
        args=GRPOConfig(**settings),
        train_dataset=load_dataset("json", data_files=job["dataset"], split="train"),
        callbacks=[clock],
        **extra,
    )
    sampling = []
    generate = trainer._generate

    def timed(*args, **kwargs):
        start = time.perf_counter()
        result = generate(*args, **kwargs)
        sampling.append(time.perf_counter() - start)
        return result

    trainer._generate = timed
    trainer.train()
    steps = [
        {"step": step, "sampling": sampled, "tokens": tokens}
        for step, sampled, tokens in zip(clock.seconds, sampling, clock.tokens)
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"steps": steps, "peakBytes": peak}))


main(json.loads(sys.argv[1]))
