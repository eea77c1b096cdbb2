/** The import rules of ARCHITECTURE.md. A room that is not in a list must not be imported. */

/** Which rooms of src-main each room may import, besides itself. */
const allowedRooms = {
  contract: [],
  grpo: [],
  rewards: ['contract', 'grpo'],
  datasets: ['contract', 'grpo'],
  checkpoint: ['contract', 'grpo'],
  tokenizer: ['checkpoint', 'contract', 'grpo'],
  export: ['checkpoint', 'tokenizer', 'contract'],
  engine: ['grpo', 'checkpoint', 'tokenizer', 'rewards', 'contract'],
  store: ['contract'],
  runs: ['store', 'contract'],
  services: ['runs', 'store', 'datasets', 'rewards', 'export', 'checkpoint', 'tokenizer', 'grpo', 'contract'],
  rpc: ['contract'],
  preload: ['contract'],
};

const tests = String.raw`\.test\.ts$`;

const roomRules = Object.entries(allowedRooms).flatMap(([room, allowed]) => {
  const own = `src-main/(${[room, ...allowed].join('|')})/`;
  const outside = (pathNot) => ({ path: '^(src-main|src-renderer|e2e)/', pathNot });
  const name = `${room}-imports-only-${allowed.join('-') || 'itself'}`;
  return [
    { name, severity: 'error', from: { path: `^src-main/${room}/`, pathNot: tests }, to: outside(`^${own}`) },
    {
      name: `${name}-and-shared-fixtures-in-tests`,
      severity: 'error',
      from: { path: `^src-main/${room}/.*${tests}` },
      to: outside(`^(${own}|e2e/(fixtures|golden)/)`),
    },
  ];
});

/** Rules about one package or family of packages: only the named places may import it. */
const onlyIn = (name, packagePattern, places) => ({
  name,
  severity: 'error',
  from: { pathNot: places },
  to: { path: packagePattern },
});

export default {
  forbidden: [
    ...roomRules,
    {
      name: 'contract-imports-zod-only',
      severity: 'error',
      from: { path: '^src-main/contract/', pathNot: tests },
      to: { pathNot: '^src-main/contract/|(^|/)node_modules/zod/' },
    },
    {
      name: 'grpo-imports-nothing',
      severity: 'error',
      from: { path: '^src-main/grpo/', pathNot: tests },
      to: { pathNot: '^src-main/grpo/' },
    },
    onlyIn('tensorflow-only-in-engine', '(^|/)(node_modules/)?@tensorflow/', '^src-main/engine/|(^|/)node_modules/'),
    onlyIn(
      'better-sqlite3-only-in-store',
      '(^|/)node_modules/(@types/)?better-sqlite3/|^better-sqlite3$',
      '^src-main/store/|(^|/)node_modules/',
    ),
    onlyIn(
      'electron-only-in-its-host-and-preload',
      '(^|/)node_modules/electron/|^electron(/|$)',
      '^src-main/(hosts/electron|preload)/|^e2e/electron/|(^|/)node_modules/',
    ),
    {
      name: 'renderer-imports-contract-and-rpc-only',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { path: '^(src-main|e2e)/', pathNot: '^src-main/(contract|rpc)/' },
    },
    {
      name: 'renderer-imports-no-node-builtins',
      severity: 'error',
      from: { path: '^src-renderer/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'features-never-import-each-other',
      severity: 'error',
      from: { path: '^src-renderer/features/([^/]+)/' },
      to: { path: '^src-renderer/features/', pathNot: '^src-renderer/features/$1/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    tsPreCompilationDeps: true, // a type import is an import
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(out|dist)/|^src-main/engine/native/build/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    moduleSystems: ['es6', 'cjs'],
  },
};
