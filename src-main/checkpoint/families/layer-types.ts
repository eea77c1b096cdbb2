/** `layer_types` and the sliding windows they stand for. */
import { z } from 'zod';
import type { ConfigFile } from '../config-keys.ts';
import type { ReadingContext } from './family.ts';

export const layerTypeKeys = {
  layer_types: z.array(z.string()).nullish(),
  sliding_window: z.int().positive().nullish(),
};

type LayerTypeFile = ConfigFile & z.infer<z.ZodObject<typeof layerTypeKeys>>;

/**
 * @param slides says of a layer whether it has a window, where `layer_types` does not
 * @returns for each layer whether it has a window
 */
export function slidingLayers(
  { layer_types: types, num_hidden_layers: layers }: LayerTypeFile,
  { refuse, invalid }: ReadingContext,
  slides: (layer: number) => boolean,
): boolean[] {
  if (types && types.length !== layers) {
    return invalid('layer_types', `layer_types names ${types.length} layers, but num_hidden_layers is ${layers}`);
  }
  return Array.from({ length: layers }, (_, layer) => {
    const type = types?.[layer] ?? (slides(layer) ? 'sliding_attention' : 'full_attention');
    if (type !== 'sliding_attention' && type !== 'full_attention') {
      return refuse('layer_types', `layers of type "${type}" are not supported`);
    }
    return type === 'sliding_attention';
  });
}

/** The window of each layer. */
export function windowsOf(
  sliding: readonly boolean[],
  window: number | null | undefined,
  { invalid }: ReadingContext,
): (number | null)[] {
  if (sliding.includes(true) && (window === null || window === undefined)) {
    return invalid('sliding_window', 'layers with a sliding window need sliding_window');
  }
  return sliding.map((slides) => (slides ? (window as number) : null));
}
