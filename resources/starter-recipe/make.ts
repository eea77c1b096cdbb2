/** `npm run starter`: makes the tokenizer, the datasets and the starter model from nothing, as resources/starter-recipe/README.md says. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const recipe = import.meta.dirname;
const starter = join(recipe, '..', 'models', 'starter');
const dataDirectory = mkdtempSync(join(tmpdir(), 'starter-'));
const node = (...args: string[]) => execFileSync(process.execPath, args, { stdio: 'inherit' });

node(join(recipe, 'make-tokenizer.ts'));
node(join(recipe, 'make-data.ts'));
node(join(recipe, '../../src-main/cli/main.ts'), 'sft', join(recipe, 'sft.yaml'), '--data-dir', dataDirectory);

const [checkpoint] = globSync(join(dataDirectory, 'runs', '*', 'checkpoints', 'step-*'));
const trainingState = ['optimizer.safetensors', 'trainer_state.json'];
mkdirSync(starter, { recursive: true });
for (const file of readdirSync(checkpoint)) {
  if (!trainingState.includes(file)) copyFileSync(join(checkpoint, file), join(starter, file));
}
console.log(`The starter is in ${starter}`);
