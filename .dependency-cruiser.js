/** The import rules of ARCHITECTURE.md, numbered as there. A room that is not in a list must not be imported. */

/** Which rooms of src-main each room may import, besides itself. */
const allowedRooms = {
  contract: [], // 1
  grpo: [], // 1
  rewards: ['contract', 'grpo'], // 2
  datasets: ['contract', 'grpo'], // 2
  checkpoint: ['contract', 'grpo'], // 2
  tokenizer: ['checkpoint', 'contract', 'grpo'], // 2
  export: ['checkpoint', 'tokenizer', 'contract'],
  engine: ['grpo', 'checkpoint', 'tokenizer', 'rewards', 'contract'], // 3
  store: ['contract'], // 4
  runs: ['store', 'contract'], // 5
  services: ['runs', 'store', 'datasets', 'rewards', 'export', 'checkpoint', 'tokenizer', 'grpo', 'contract'], // 5
  rpc: ['contract'],
  preload: ['contract', 'rpc'],
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
      name: '1-contract-imports-zod-only',
      severity: 'error',
      from: { path: '^src-main/contract/', pathNot: tests },
      to: { pathNot: '^src-main/contract/|(^|/)node_modules/zod/' },
    },
    {
      name: '1-grpo-imports-nothing',
      severity: 'error',
      from: { path: '^src-main/grpo/', pathNot: tests },
      to: { pathNot: '^src-main/grpo/' },
    },
    onlyIn('3-tensorflow-only-in-engine', '(^|/)(node_modules/)?@tensorflow/', '^src-main/engine/|(^|/)node_modules/'),
    onlyIn(
      '4-better-sqlite3-only-in-store',
      '(^|/)node_modules/(@types/)?better-sqlite3/|^better-sqlite3$',
      '^src-main/store/|(^|/)node_modules/',
    ),
    onlyIn(
      '6-electron-only-in-its-host-and-preload',
      '(^|/)node_modules/electron/|^electron(/|$)',
      '^src-main/(hosts/electron|preload)/|^e2e/electron/|(^|/)node_modules/',
    ),
    {
      name: '7-renderer-imports-contract-and-rpc-only',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { path: '^(src-main|e2e)/', pathNot: '^src-main/(contract|rpc)/' },
    },
    {
      name: '7-renderer-imports-no-node-builtins',
      severity: 'error',
      from: { path: '^src-renderer/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: '7-features-never-import-each-other',
      severity: 'error',
      from: { path: '^src-renderer/features/([^/]+)/' },
      to: { path: '^src-renderer/features/', pathNot: '^src-renderer/features/$1/' },
    },
    { name: '8-no-cycles', severity: 'error', from: {}, to: { circular: true } },
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
