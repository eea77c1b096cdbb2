/** What the engine process is told and tells when policies are only tried out: completions of one prompt, streamed. */
import type { SamplingConfig } from './config.ts';
import type { Prompt } from './dataset.ts';
import type { FinishReason } from './engine.ts';
import type { ErrorRecord } from './errors.ts';

export interface TrialSampling extends SamplingConfig {
  /** Takes the likeliest token at every position instead of drawing one. */
  greedy: boolean;
  num_generations: number;
  seed: number;
}

export type TrialCommand =
  | {
      type: 'sample';
      /** Names the trial in all events about it. */
      trial: number;
      /** Model folders that answer side by side, all different. The process keeps those of the newest trial open. */
      policies: string[];
      prompt: Prompt;
      sampling: TrialSampling;
    }
  /** Ends the trial where it is; of one that has ended, nothing. */
  | { type: 'cancel'; trial: number };

/** What a completion grew by. */
export interface GrownText {
  /** 0-based among the completions of its policy. */
  place: number;
  text: string;
  /** Tokens it has by now. */
  tokens: number;
}

/** `policy` is a place in the command's list. */
export type TrialEvent =
  | { type: 'opening'; trial: number; policy: number }
  | {
      type: 'sampling';
      trial: number;
      policy: number;
      /** The prompt as the policy saw it. */
      prompt: string;
      promptTokens: number;
      /** What the backend runs on, in words. */
      device: string;
    }
  | { type: 'grown'; trial: number; policy: number; completions: GrownText[] }
  | {
      type: 'completion';
      trial: number;
      policy: number;
      place: number;
      text: string;
      tokens: Int32Array; // [T], the end token included
      logps: Float32Array; // [T] at the sampling temperature
      finishReason: FinishReason;
    }
  /** Its completions are whole. */
  | { type: 'answered'; trial: number; policy: number }
  /** It cannot answer; the others go on. */
  | { type: 'unable'; trial: number; policy: number; error: ErrorRecord }
  | { type: 'ended'; trial: number; cancelled: boolean };
