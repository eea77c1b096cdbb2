/** An import that is being prepared: the file, what becomes of its columns, and which rows are taken. */
import type { DataFile, ImportReport, MappingPreview } from '../../../src-main/contract/api/datasets.ts';
import type { Job } from '../../../src-main/contract/api/jobs.ts';
import type { DatasetMapping, ImportOptions } from '../../../src-main/contract/dataset-mapping.ts';
import { Query, toFailure, type Failure } from '../../stores/query.svelte.ts';
import type { Studio } from '../../stores/studio.svelte.ts';

const previewRows = 8;

/** Milliseconds without a change before a preview is asked for. */
const pause = 200;

export class ImportDraft {
  file = $state.raw<DataFile | null>(null);
  /** A file of its own to hold out. */
  evalFile = $state.raw<DataFile | null>(null);
  mapping = $state<DatasetMapping | null>(null);
  /** Name of the suggestion that was taken. */
  suggestion = $state('');
  options = $state<ImportOptions>({ duplicates: 'exact', faults: 'stop', evalShare: 0.1, seed: 0 });
  name = $state('');
  /** Name of a model of the library; empty: the starter. */
  model = $state('');
  readonly preview: Query<MappingPreview>;
  readonly #studio: Studio;
  /** What the last check of all rows found, for the mapping and the options as they were then. */
  report = $state.raw<{ of: string; found: ImportReport } | null>(null);
  /** Why the last check or import failed. */
  failure = $state.raw<Failure | null>(null);
  /** The job that goes on. */
  job = $state<{ id: string; kind: 'check' | 'import' } | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(studio: Studio) {
    this.#studio = studio;
    this.preview = new Query((signal) => {
      if (this.file === null || this.mapping === null) throw new Error('There is no file to map.');
      const model = this.model === '' ? {} : { model: this.model };
      const { path } = this.file;
      return studio.call(
        'preview-mapping',
        { path, mapping: $state.snapshot(this.mapping), limit: previewRows, ...model },
        signal,
      );
    });
  }

  /** What an import would be asked for, as text: equal as long as nothing changed. */
  readonly key = $derived(JSON.stringify([this.file?.path, this.evalFile?.path, this.mapping, this.options]));
  readonly checked = $derived(this.report?.of === this.key ? this.report.found : null);

  /** The job that goes on, as the studio tells of it. */
  get running(): Job | undefined {
    return this.job === null ? undefined : this.#studio.jobs.get(this.job.id);
  }

  async take(path: string): Promise<void> {
    const file = await this.#studio.call('inspect-data-file', { path });
    this.file = file;
    this.evalFile = null;
    this.name = file.name.replace(/\.[^.]*$/, '');
    this.report = null;
    this.failure = null;
    this.preview.value = null;
    this.adopt(file.suggestions[0]?.name ?? '');
  }

  async takeHeldOut(path: string): Promise<void> {
    this.evalFile = await this.#studio.call('inspect-data-file', { path });
  }

  adopt(name: string): void {
    const suggestion = this.file?.suggestions.find((one) => one.name === name);
    if (suggestion === undefined) return;
    this.suggestion = name;
    this.mapping = structuredClone(suggestion.mapping);
  }

  /** Reads the preview once nothing has changed for a moment. */
  refreshSoon(): () => void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.preview.refresh(), this.preview.value === null ? 0 : pause);
    return () => clearTimeout(this.#timer);
  }

  async check(): Promise<void> {
    const of = this.key;
    const id = await this.#follow('check', () => this.#studio.call('check-mapping', this.#request()));
    const found = id === null ? null : await this.#studio.call('read-mapping-check', { job: id });
    if (found !== null) this.report = { of, found };
  }

  /** @returns the dataset's id; null when it failed or was cancelled */
  import(): Promise<string | null> {
    return this.#follow('import', () =>
      this.#studio.call('import-dataset', { ...this.#request(), name: this.name.trim() }),
    );
  }

  cancel = (): void => {
    if (this.job !== null) void this.#studio.call('cancel-job', { job: this.job.id });
  };

  #request() {
    if (this.file === null || this.mapping === null) throw new Error('There is no file to import.');
    return {
      path: this.file.path,
      evalPath: this.evalFile?.path ?? null,
      mapping: $state.snapshot(this.mapping),
      options: $state.snapshot(this.options),
    };
  }

  async #follow(kind: 'check' | 'import', begin: () => Promise<string>): Promise<string | null> {
    this.failure = null;
    try {
      const id = await begin();
      this.job = { id, kind };
      const { state, result, error } = await this.#studio.jobs.ended(id);
      if (state === 'failed' && error !== null) {
        this.failure = { message: error.message, path: error.path ?? null, field: error.field ?? null, lost: false };
      }
      return state === 'done' ? result : null;
    } catch (error) {
      this.failure = toFailure(error);
      return null;
    } finally {
      this.job = null;
    }
  }
}
