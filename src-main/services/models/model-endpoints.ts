/** Models, as the interfaces ask for them. */
import type { Endpoints } from '../../contract/api.ts';
import type { ModelOutputs } from '../../contract/api/models.ts';
import { loadTokenizer } from '../../tokenizer/tokenizer.ts';
import type { StudioContext } from '../studio-context.ts';
import { listHubCache } from './hub-cache.ts';
import { readModelReadme } from './model-readme.ts';
import { checkRunMemory, memoryRun } from './run-memory.ts';

export function modelEndpoints({ models, jobs }: StudioContext): Endpoints<keyof ModelOutputs> {
  return {
    'list-models': () => models.list(),
    'read-model-card': async ({ model }) => {
      const card = await models.card(model);
      // A model whose files are gone says so on its card.
      return { ...card, readme: card.facts === null ? null : await readModelReadme(card.folder) };
    },
    'import-model': (request) =>
      jobs.begin(`Import ${request.path}`, (progress) => models.importModel(request, progress)),
    'list-hub-cache': () => listHubCache(),
    'download-model': (request) =>
      jobs.begin(`Download ${request.id}`, (progress) => models.download(request, progress)),
    'remove-model': async ({ name }) => {
      await models.remove(name);
      return null;
    },
    'preview-template': async ({ model, messages }) => {
      const tokenizer = await loadTokenizer(await models.folderOf(model));
      const { text, tokens } = tokenizer.encodePrompt(messages);
      return { text, tokens: tokens.length };
    },
    'estimate-memory': ({ type, config, promptTokens }) =>
      checkRunMemory(models, config.model, memoryRun(type, config), promptTokens),
  };
}
