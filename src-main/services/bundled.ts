/** What comes with the studio: a small model, a dataset and a configuration to begin with. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder `resources`: above the sources, above the bundled program, or unpacked beside its archive. */
function findResources(): string {
  let folder = import.meta.dirname.replace('app.asar', 'app.asar.unpacked');
  while (!existsSync(join(folder, 'resources/configs')) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, 'resources');
}

const resources = findResources();

export const bundled = {
  demoConfig: join(resources, 'configs/demo.yaml'),
  models: [{ name: 'Starter', path: join(resources, 'models/starter') }],
  datasets: [
    {
      name: 'Addition',
      path: join(resources, 'datasets/addition/train.jsonl'),
      evalPath: join(resources, 'datasets/addition/eval.jsonl'),
    },
  ],
};
