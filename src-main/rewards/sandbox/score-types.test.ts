/** The declarations are in step with the contract: TypeScript itself compares them with the contract's own types. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { scoreTypes } from './score-types.ts';

/** What the compiler says of a module that follows the declarations. */
function complaints(module: string): string[] {
  const folder = mkdtempSync(join(import.meta.dirname, '.types-'));
  try {
    writeFileSync(join(folder, 'score.d.ts'), scoreTypes());
    writeFileSync(join(folder, 'use.ts'), module);
    const program = ts.createProgram([join(folder, 'score.d.ts'), join(folder, 'use.ts')], {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      target: ts.ScriptTarget.ES2024,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
    });
    return ts
      .getPreEmitDiagnostics(program)
      .filter((found) => found.file?.fileName.startsWith(folder))
      .map((found) => ts.flattenDiagnosticMessageText(found.messageText, '\n'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the declared types are those of the contract', () => {
  const found = complaints(`
    import type { z } from 'zod';
    import type { ScoreInput as Input, scoreOutputSchema } from '../../../contract/reward-rules/javascript.ts';
    type Output = z.infer<typeof scoreOutputSchema>;
    type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
    export const input: Same<Input, ScoreInput> = true;
    export const output: Same<Output, ScoreOutput> = true;
    export const called: Output = score({ prompt: '', completion: '', reasoning: null, answer: '', row: {}, tokens: [1] });
    export const wrong: Same<Input, { prompt: string }> = true;
  `);
  expect(found).toEqual(["Type 'true' is not assignable to type 'false'."]);
});

test('each part is explained where the editor shows it', () => {
  expect(scoreTypes()).toContain(
    '  /** Token ids of the completion, the end token included. */\n  tokens: Array<number>;',
  );
  expect(scoreTypes()).toContain('  spans?: Array<{\n');
});
