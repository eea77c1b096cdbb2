/** Compares the tensors that a file holds with those that its config calls for. */
import { StudioError } from '../contract/errors.ts';
import type { StoredTensor, TensorFile } from './tensor-file.ts';

export interface ExpectedTensors {
  /** Every tensor the file must hold. */
  shapes: ReadonlyMap<string, readonly number[]>;
  /** Name of the file that calls for them, for errors. */
  calledForBy: string;
  /** Whether a tensor may be there besides; it is not read. */
  ignores: (name: string) => boolean;
}

/**
 * @returns the tensors that are called for, in the order of the file
 * @throws StudioError `model_invalid`, naming the file and the tensor that is missing, has another shape or is not called for
 */
export function expectedTensors(
  { path, tensors }: TensorFile,
  { shapes, calledForBy, ignores }: ExpectedTensors,
): StoredTensor[] {
  const found: StoredTensor[] = [];
  for (const tensor of tensors) {
    const { name, shape } = tensor;
    const invalid = (message: string) => new StudioError('model_invalid', message, { path: tensor.path, field: name });
    const expected = shapes.get(name);
    if (expected === undefined) {
      if (ignores(name)) continue;
      throw invalid(`${tensor.path} holds a tensor ${name} that its ${calledForBy} does not call for`);
    }
    if (shape.join() !== expected.join()) {
      throw invalid(
        `${tensor.path}: ${name} has shape [${shape.join()}], but ${calledForBy} calls for [${expected.join()}]`,
      );
    }
    found.push(tensor);
  }
  if (found.length === shapes.size) return found;
  const names = new Set(found.map(({ name }) => name));
  const missing = [...shapes.keys()].find((name) => !names.has(name));
  throw new StudioError('model_invalid', `${path} lacks the tensor ${missing} that its ${calledForBy} calls for`, {
    path,
    ...(missing === undefined ? {} : { field: missing }),
  });
}
