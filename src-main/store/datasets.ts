/** What is known of imported datasets; their rows are files. */
import type { Database } from 'better-sqlite3';
import type { StoredDataset, StoreReader, StoreWriter } from './interfaces.ts';

/** JSON in the database. */
const jsonFields = ['columns', 'mapping', 'options', 'report'] as const;

type DatasetRecord = Omit<StoredDataset, (typeof jsonFields)[number]> & Record<(typeof jsonFields)[number], string>;

const selectDataset = `
  SELECT id, name, source, directory, content_hash AS contentHash, rows, eval_rows AS evalRows, bytes, columns, mapping, options, report,
    created_at AS createdAt
  FROM datasets`;

function parse(record: DatasetRecord): StoredDataset {
  const parsed = jsonFields.map((field) => [field, JSON.parse(record[field]) as unknown]);
  return { ...record, ...(Object.fromEntries(parsed) as Pick<StoredDataset, (typeof jsonFields)[number]>) };
}

export function createDatasetReader(
  database: Database,
): Pick<StoreReader, 'listDatasets' | 'findDataset' | 'listRunsOfFiles'> {
  const all = database.prepare<[], DatasetRecord>(`${selectDataset} ORDER BY created_at DESC, id`);
  const byId = database.prepare<[string], DatasetRecord>(`${selectDataset} WHERE id = ?`);
  const runs = database.prepare<[string], { id: string; name: string }>(`
    SELECT id, name FROM runs
    WHERE EXISTS (SELECT 1 FROM json_each(?) AS paths
      WHERE paths.value IN (runs.config ->> '$.dataset', runs.config ->> '$.eval_dataset'))
    ORDER BY created_at DESC, id DESC`);
  return {
    listDatasets: () => all.all().map(parse),
    findDataset: (id) => {
      const record = byId.get(id);
      return record === undefined ? null : parse(record);
    },
    listRunsOfFiles: (paths) => runs.all(JSON.stringify(paths)),
  };
}

export function createDatasetWriter(database: Database): Pick<StoreWriter, 'addDataset' | 'removeDataset'> {
  const insert = database.prepare(`
    INSERT INTO datasets (id, name, source, directory, content_hash, rows, eval_rows, bytes, columns, mapping, options, report, created_at)
    VALUES (@id, @name, @source, @directory, @contentHash, @rows, @evalRows, @bytes, @columns, @mapping, @options, @report, @createdAt)`);
  const remove = database.prepare('DELETE FROM datasets WHERE id = ?');
  return {
    addDataset: (dataset) => {
      const json = Object.fromEntries(jsonFields.map((field) => [field, JSON.stringify(dataset[field])]));
      insert.run({ ...dataset, ...json });
    },
    removeDataset: (id) => {
      remove.run(id);
    },
  };
}
