/** Keys of prompts: equal for prompts that count as the same. */
import { hash } from 'node:crypto';
import type { Prompt } from '../contract/dataset.ts';

/** 72 bits, in letters; a longer slice would keep the whole digest in memory. */
const keyLength = 12;

/** Equal for the same prompt, letter for letter. */
export function exactKey(prompt: Prompt): string {
  return digest(JSON.stringify(prompt));
}

/** Also equal where only case, white space, forms of a letter in Unicode, or a mark at the end differ. */
export function normalisedKey(prompt: Prompt): string {
  const turns = typeof prompt === 'string' ? [{ role: '', content: prompt }] : prompt;
  return digest(JSON.stringify(turns.map(({ role, content }) => [role, normalise(content)])));
}

/** A number in [0, 1) that depends on the key and the seed alone. */
export function positionOf(key: string, seed: number): number {
  return Number.parseInt(hash('sha256', `${seed}:${key}`).slice(0, 12), 16) / 2 ** 48;
}

function normalise(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/ ?[.?!:]+$/, '');
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, keyLength);
}
