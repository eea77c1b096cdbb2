/** Export of trained models, as hosts offer it to a person. */
import { StudioError } from '../contract/errors.ts';
import { exportModel, type ExportReport, type ExportRequest } from '../export/export-model.ts';

/**
 * @param request the source is a checkpoint folder of a run, or any model folder
 * @throws StudioError `config_invalid` for a number format that the form does not have, and what `exportModel` throws
 */
export async function exportTrainedModel(request: ExportRequest): Promise<ExportReport> {
  const refuse = (field: 'type' | 'dtype', forms: string): never => {
    const message = `${field} is a setting of ${forms}, not of ${request.format}.`;
    throw new StudioError('config_invalid', message, { field });
  };
  if (request.dtype !== undefined && request.format !== 'huggingface') refuse('dtype', 'huggingface');
  if (request.type !== undefined && request.format !== 'gguf' && request.format !== 'ollama')
    refuse('type', 'gguf and ollama');
  return exportModel(request);
}
