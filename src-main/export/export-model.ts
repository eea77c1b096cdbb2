/** Exports a trained model in the form that another tool takes: adapter, Hugging Face folder, GGUF, or GGUF with Ollama's Modelfile. */
import { readdir, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE } from '../checkpoint/adapter-description.ts';
import { readJsonFile } from '../checkpoint/checkpoint-files.ts';
import { StudioError } from '../contract/errors.ts';
import { openAdapter } from './adapter-source.ts';
import { writeFolderAtomically } from './atomic-folder.ts';
import { copyFiles, GENERATION_CONFIG_FILE, TOKENIZER_FILES } from './copied-files.ts';
import { writeModelAsGguf, type GgufType } from './gguf/write-model.ts';
import { writeHuggingFaceFolder } from './hugging-face-folder.ts';
import { openModel, type ModelSource } from './model-source.ts';
import { FORMATS_BY_NAME, type DtypeName } from './number-formats.ts';
import { MODELFILE, modelfile } from './ollama/modelfile.ts';

export { ggufTypes } from './gguf/write-model.ts';

export const exportFormats = ['adapter', 'huggingface', 'gguf', 'ollama'] as const;

export type ExportFormat = (typeof exportFormats)[number];

/** Bytes of a weight file, above which the weights go into several; Hugging Face's own limit. */
const MAX_FILE_BYTES = 5e9;

export interface ExportRequest {
  /** A model, an adapter, or a checkpoint of a run. */
  source: string;
  format: ExportFormat;
  /** The folder that the export makes. */
  out: string;
  /** Replace an earlier export in the same place. */
  force?: boolean;
  /** What the model is called: in the GGUF file and in the file's name. Default: the source folder's name. */
  name?: string;
  /** Of `huggingface`; default: that of the checkpoint, or the base model's. */
  dtype?: DtypeName;
  /** Of `huggingface`; default 5 GB. */
  maxFileBytes?: number;
  /** Of `gguf` and `ollama`; default f16. */
  type?: GgufType;
}

export interface ExportReport {
  folder: string;
  files: readonly { name: string; bytes: number }[];
  /** What differs in the exported form, in sentences for a person; empty when nothing does. */
  notes: readonly string[];
}

/**
 * The folder is there whole afterwards, or not at all.
 *
 * @throws StudioError `io_failed` when the folder exists or cannot be written, `model_invalid`, `model_unsupported` or
 *   `tokenizer_invalid` when the model cannot be read or has no such form
 */
export async function exportModel(request: ExportRequest): Promise<ExportReport> {
  const folder = resolve(request.out);
  const notes = request.format === 'adapter' ? await exportAdapter(request) : await exportWholeModel(request);
  const files = (await readdir(folder)).sort();
  const sizes = await Promise.all(files.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })));
  return { folder, files: sizes, notes };
}

/** Copies what PEFT needs of an adapter, after a check that it is one. */
async function exportAdapter({ source, out, force = false }: ExportRequest): Promise<readonly string[]> {
  const adapter = await openAdapter(source);
  if (adapter === null) {
    const message = `${source} holds all weights of a model and no adapter; export it as huggingface`;
    throw new StudioError('model_invalid', message, { path: source, field: 'format' });
  }
  try {
    await writeFolderAtomically(out, { force, sources: [source, adapter.baseFolder] }, async (folder) => {
      await copyFiles(source, folder, [ADAPTER_WEIGHTS_FILE, GENERATION_CONFIG_FILE, ...TOKENIZER_FILES]);
      // A path that leads from the adapter's old place leads nowhere from its new one.
      const written = await readJsonFile(join(source, ADAPTER_CONFIG_FILE), 'model_invalid');
      const config = { ...written, base_model_name_or_path: adapter.baseFolder };
      await writeFile(join(folder, ADAPTER_CONFIG_FILE), `${JSON.stringify(config, null, 2)}\n`);
    });
    return [`The adapter stands on the model in ${adapter.baseFolder}, and is loaded with it.`];
  } finally {
    await adapter.close();
  }
}

async function exportWholeModel(request: ExportRequest): Promise<readonly string[]> {
  const { source, out, force = false } = request;
  const model = await openModel(source);
  let notes: readonly string[] = [];
  try {
    await writeFolderAtomically(out, { force, sources: [...model.folders, model.tokenizerFolder] }, async (folder) => {
      notes = await writeWholeModel(folder, model, request);
    });
  } finally {
    await model.close();
  }
  return notes;
}

async function writeWholeModel(
  folder: string,
  model: ModelSource,
  {
    source,
    format,
    dtype,
    type = 'f16',
    maxFileBytes = MAX_FILE_BYTES,
    name = basename(resolve(source)),
  }: ExportRequest,
): Promise<readonly string[]> {
  if (format === 'huggingface') {
    const stored = dtype === undefined ? model.format : FORMATS_BY_NAME[dtype];
    await writeHuggingFaceFolder(folder, model, { format: stored, maxFileBytes });
    return [];
  }
  const file = `${name.replace(/[^\w.-]+/g, '-')}-${type}.gguf`;
  const notes = await writeModelAsGguf(join(folder, file), model, { type, name });
  if (format === 'gguf') return notes;
  const { text, notes: more } = await modelfile(model.tokenizerFolder, file);
  await writeFile(join(folder, MODELFILE), text);
  return [...notes, ...more];
}
