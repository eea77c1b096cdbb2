/** Models: the library, the Hugging Face cache, downloads, and what a run of a model takes in memory. */
import { z } from 'zod';
import type { CachedModel, MemoryCheck, ModelCard } from '../models.ts';

const model = z.string().min(1).describe('name in the library, or path of a model folder');
const name = z.string().min(1).optional().describe('name in the library; made from the source when absent');

export const modelInputs = {
  'list-models': z.null(),
  'read-model-card': z.strictObject({ model: z.string().min(1).describe('name in the library') }),
  'import-model': z.strictObject({
    path: z.string().min(1).describe('folder of a model, or a file in it'),
    name,
    link: z.boolean().default(false).describe('uses the folder where it lies instead of copying it'),
  }),
  'list-hub-cache': z.null(),
  'download-model': z.strictObject({
    id: z.string().min(1).describe('id on the Hugging Face Hub: owner/name'),
    revision: z.string().min(1).optional().describe('branch, tag or commit'),
    token: z.string().min(1).optional().describe('access token; HF_TOKEN when absent'),
    name,
    offline: z.boolean().default(false).describe('never touches the network'),
  }),
  'remove-model': z.strictObject({ name: z.string().min(1) }),
  'preview-template': z.strictObject({
    model,
    messages: z.array(z.strictObject({ role: z.string().min(1), content: z.string() })).min(1),
  }),
  'estimate-memory': z.strictObject({
    type: z.enum(['grpo', 'sft', 'reward_model']).default('grpo'),
    config: z
      .looseObject({ model })
      .describe("a run's settings, as far as they are known; the others have their defaults"),
    promptTokens: z.int().positive().default(128).describe('tokens of a prompt, on average'),
  }),
} as const;

export interface ModelOutputs {
  /** The library, by name. */
  'list-models': ModelCard[];
  /** @throws model_invalid when there is no such model */
  'read-model-card': ModelCard & {
    /** Markdown: README.md without its front matter; null without one. */
    readme: string | null;
  };
  /** The id of the job; its result is the model's name. */
  'import-model': string;
  /** Newest first; empty without a cache. */
  'list-hub-cache': CachedModel[];
  /** The id of the job; its result is the model's name. */
  'download-model': string;
  /** Deletes a copied or downloaded model's files; of a linked one only the entry. */
  'remove-model': null;
  /** @throws tokenizer_invalid when the model has no template, or it refuses the conversation */
  'preview-template': { text: string; tokens: number };
  'estimate-memory': MemoryCheck;
}
