/**
 * A whole decoder layer over a packed batch as one native call, and its gradient as another. It stands in for the composition in
 * `decoder.ts`, for the models it knows, on the backend that has it.
 */
import * as tf from '@tensorflow/tfjs-core';
import { loadAddon } from '../tensor/native-addon.ts';
import { nativeBackend } from '../tensor/native-backend.ts';
import type { NativeBackend } from '../tensor/native-data.ts';
import { isRecorded } from '../tensor/ops/fused.ts';
import type { RopeTable } from '../tensor/ops/rope.ts';
import type { Segments } from '../tensor/ops/segments.ts';
import { spent } from '../tensor/ops/spent-tensors.ts';
import type { Decoder } from './decoder.ts';
import { hasKnownLayers, LINEARS } from './known-layers.ts';
import { loraScale } from '../../checkpoint/adapter-shapes.ts';

type Argument = number | Float32Array | Int32Array | null | (Float32Array | null)[];

/** The addon's functions; see src-main/engine/native/src/layer/init.cc. Both throw RangeError for arrays or indices that do not fit. */
interface LayerAddon {
  decoderLayer(...shapeParametersInputOutputs: Argument[]): void;
  decoderLayerGrad(...shapeParametersInputsOutputs: Argument[]): void;
}

/** Where the tokens of a batch stand. */
export interface PackedPlaces {
  positions: Int32Array; // [N]
  segments: Segments;
}

/** Sees the rotated keys and the values of a layer [N, kvHeads·headDim], which are the callee's for the time of the call. */
export type TakeKeys = (layer: number, key: tf.Tensor2D, value: tf.Tensor2D) => void;

/** The tensors of a layer: its norms, and weight, bias, `lora_A` and `lora_B` of each linear layer. */
interface LayerTensors {
  norms: tf.Tensor[];
  arrays: (tf.Tensor | null)[];
  ranks: Int32Array;
  scales: Float32Array;
}

/** Whether `fusedLayer` can run the layers of this decoder. */
export function canFuseLayers(decoder: Decoder, tables: readonly RopeTable[]): boolean {
  if (nativeBackend() === null || tf.getBackend() !== 'native') return false;
  return (decoder.adapter?.dropoutOf ?? null) === null && hasKnownLayers(decoder, tables);
}

/**
 * One layer: norm, attention and feed-forward, each with its residual. Differentiable with respect to `input` and to those of the
 * weights that are variables.
 *
 * @param input hidden states [N, H]
 * @param rows the tokens whose output is wanted [R]; all where undefined
 * @returns hidden states [R, H]
 */
export function fusedLayer(
  decoder: Decoder,
  table: RopeTable,
  layer: number,
  input: tf.Tensor2D,
  { positions, segments }: PackedPlaces,
  rows: Int32Array | undefined,
  takeKeys?: TakeKeys,
): tf.Tensor2D {
  const backend = nativeBackend() as NativeBackend;
  const addon = loadAddon<LayerAddon>();
  const { config } = decoder;
  const { heads, keyValueHeads, headDim, hiddenSize, intermediateSize } = config;
  const tensors = layerTensors(decoder, layer);
  const [tokens] = input.shape;
  const outputs = rows?.length ?? tokens;
  const values = (tensor: tf.Tensor | null): Float32Array | null => (tensor === null ? null : backend.values(tensor));
  const [places, half] = table.cos.shape;
  const head = (): Argument[] => [
    ...[tokens, hiddenSize, intermediateSize, heads, keyValueHeads, headDim, places, half],
    ...[config.normEpsilon, config.attentionScale],
    ...[segments.rows, positions, values(table.cos), values(table.sin), rows ?? null],
    ...[...tensors.norms.map(values), tensors.ranks, tensors.scales, tensors.arrays.map(values)],
  ];
  const fresh = (shape: number[]): tf.Tensor => tf.engine().makeTensorFromTensorInfo(backend.allocate(shape));
  const trained = [...tensors.norms, ...tensors.arrays].filter(isTrained);

  const keeps = isRecorded();

  const run = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const x = args[0] as tf.Tensor;
    const save = args[args.length - 1] as tf.GradSaveFunc;
    const attending = [heads * headDim, keyValueHeads * headDim, keyValueHeads * headDim, heads * headDim, heads];
    const after = [hiddenSize, ...(keeps ? [intermediateSize, intermediateSize] : [])];
    const activations = [
      ...attending.map((width) => fresh([tokens, width])),
      ...after.map((width) => fresh([outputs, width])),
      ...(keeps ? [fresh([reducedFloats(tensors.ranks, tokens, outputs)])] : []),
    ];
    const value = fresh([outputs, hiddenSize]);
    const unkept = keeps ? [] : [null, null, null];
    addon.decoderLayer(...head(), values(x), ...activations.map(values), ...unkept, values(value));
    takeKeys?.(layer, activations[1] as tf.Tensor2D, activations[2] as tf.Tensor2D);
    save([x, ...activations]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const dx = fresh([tokens, hiddenSize]);
      const gradients = new Map(trained.map((tensor) => [tensor, fresh(tensor.shape)]));
      const of = (tensor: tf.Tensor | null): Float32Array | null =>
        values(gradients.get(tensor as tf.Variable) ?? null);
      const outputs = [values(dx), tensors.norms.map(of), tensors.arrays.map(of)];
      addon.decoderLayerGrad(...head(), ...saved.map(values), values(dy), ...outputs);
      spent([dy, ...saved]);
      return [dx, ...gradients.values()];
    };
    return { value, gradFunc };
  });
  return run(input, ...trained) as tf.Tensor2D;
}

function layerTensors({ weights, adapter }: Decoder, layer: number): LayerTensors {
  const prefix = `model.layers.${layer}.`;
  const low = adapter?.weights ?? {};
  const names = LINEARS.map((part) => prefix + part);
  const downs = names.map((name) => low[`${name}.lora_A.weight`] ?? null);
  return {
    norms: ['input_layernorm', 'post_attention_layernorm'].map((part) => weights[`${prefix}${part}.weight`]),
    arrays: names.flatMap((name, i) => [
      weights[`${name}.weight`],
      weights[`${name}.bias`] ?? null,
      downs[i],
      low[`${name}.lora_B.weight`] ?? null,
    ]),
    ranks: Int32Array.from(downs, (down) => down?.shape[0] ?? 0),
    scales: Float32Array.from(names, (name, i) =>
      adapter === null || downs[i] === null ? 0 : loraScale(adapter.settings, name),
    ),
  };
}

/** Floats of what the low-rank updates reduce their inputs to: of every token before attention, of the wanted rows after it. */
function reducedFloats(ranks: Int32Array, tokens: number, outputs: number): number {
  const beforeAttention = LINEARS.indexOf('self_attn.o_proj');
  return ranks.reduce((sum, rank, i) => sum + rank * (i < beforeAttention ? tokens : outputs), 0);
}

function isTrained(tensor: tf.Tensor | null): tensor is tf.Variable {
  return tensor instanceof tf.Variable && tensor.trainable;
}
