/** Runes only. */
export default { compilerOptions: { runes: true } };
