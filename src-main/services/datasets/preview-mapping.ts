/** The first rows of a file as a mapping makes them and as a model sees them. */
import type { MappingPreview, PreviewRow } from '../../contract/api/datasets.ts';
import type { DatasetMapping } from '../../contract/dataset-mapping.ts';
import { StudioError } from '../../contract/errors.ts';
import { mapOrFault } from '../../datasets/import-file.ts';
import type { Inspection } from '../../datasets/inspect-file.ts';
import { compileMapping, type MappedRow } from '../../datasets/map-row.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';

/** A longer text is shown by its beginning. */
const shownCharacters = 4000;

/** @throws StudioError dataset_invalid for a mapping that fits no file */
export function previewRows(
  { file, rows }: Inspection,
  mapping: DatasetMapping,
  tokenizer: Tokenizer,
  limit: number,
): MappingPreview['rows'] {
  const mapRow = compileMapping(mapping);
  return rows.slice(0, limit).map((raw): PreviewRow => {
    const row = mapOrFault(raw, mapRow, file.name);
    if ('message' in row) return { row: raw.number, fault: row };
    try {
      return { row: raw.number, ...shown(row, tokenizer), fault: null };
    } catch (error) {
      if (!(error instanceof StudioError)) throw error;
      // The model's template refuses this conversation.
      const fault = { file: file.name, row: raw.number, field: null, message: error.message, excerpt: '' };
      return { row: raw.number, fault };
    }
  });
}

function shown({ prompt, columns }: MappedRow, tokenizer: Tokenizer) {
  const { text, tokens } = tokenizer.encodePrompt(prompt);
  const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  return {
    text: shorten(text),
    tokens: tokens.length,
    columns: Object.entries(columns).map(([name, value]) => ({ name, text: shorten(asText(value)) })),
  };
}

function shorten(text: string): string {
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)} …` : text;
}
