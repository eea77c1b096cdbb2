/** What the golden runner runs: for each kind of file its cases, and what one case found. */
import { z } from 'zod';
import type { Mismatch } from './compare.ts';

export interface GoldenCase {
  name: string;
  /** Computes the case with the studio's own functions. A quantity that agrees gives null. */
  run: () => (Mismatch | null)[] | Promise<(Mismatch | null)[]>;
}

export interface Suite {
  /** Name of the file, without `.json`. */
  name: string;
  /**
   * @param content of the file, parsed
   * @param folder that holds the file, and the models and tokenizers it names
   * @throws ZodError when the file does not have the form of its kind
   */
  cases(content: unknown, folder: string): GoldenCase[];
}

/** Numbers of a golden file: null stands for NaN. */
export const golden = {
  number: z
    .number()
    .nullable()
    .transform((value) => value ?? NaN),
  get numbers() {
    return z.array(golden.number);
  },
  get matrix() {
    return z.array(golden.numbers);
  },
  ids: z.array(z.int()),
  get mask() {
    return z.array(golden.ids);
  },
};

/** A case that cannot pass since the studio lacks what it judges. */
export class NotImplemented extends Error {
  constructor(feature: string) {
    super(`the studio has no ${feature} yet`);
  }
}
