import * as tf from '@tensorflow/tfjs-core';
import { beforeAll } from 'vitest';
import { describeRefusals } from '../../../e2e/fixtures/broken-checkpoints/refused-folders.ts';
import { loadTokenizer } from '../../tokenizer/tokenizer.ts';
import { selectBackend } from '../tensor/backend.ts';
import { loadPolicy } from './policy.ts';

beforeAll(async () => {
  await selectBackend('auto');
});

describeRefusals('what a run does before its first step', {
  open: async (folder) => {
    const policy = await loadPolicy(folder, { trainable: true });
    try {
      const tokenizer = await loadTokenizer(folder);
      tokenizer.encodePrompt([{ role: 'user', content: 'What is 2 + 3?' }]);
    } finally {
      policy.dispose();
    }
  },
  leftovers: () => tf.memory().numTensors,
  // A run may never meet these tokens; an inspection sees them.
  except: [
    'the end token is beyond the embeddings',
    'an end token among many is beyond the embeddings',
    'the tokenizer has more tokens than the embeddings',
  ],
});
