/** The names under which a backend registers accelerated kernels of the fused operations. */
export const kernelNames = {
  rmsNorm: 'FusedRmsNorm',
  rmsNormGrad: 'FusedRmsNormGrad',
  rope: 'FusedRope',
  swiGlu: 'FusedSwiGlu',
  swiGluGrad: 'FusedSwiGluGrad',
  embedding: 'FusedEmbedding',
  embeddingGrad: 'FusedEmbeddingGrad',
  attention: 'FusedAttention',
  attentionGrad: 'FusedAttentionGrad',
  cachedAttention: 'FusedCachedAttention',
  selectiveLogSoftmax: 'FusedSelectiveLogSoftmax',
  selectiveLogSoftmaxGrad: 'FusedSelectiveLogSoftmaxGrad',
  adamW: 'FusedAdamW',
} as const;
