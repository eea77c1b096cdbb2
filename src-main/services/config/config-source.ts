/**
 * A configuration as a person gave it: a YAML file with line positions, `--set key=value` on top, options on top of that.
 * It remembers where every value came from, so that an error can name the line or the option at fault.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { isMap, isSeq, LineCounter, parseDocument, type Document, type Node, type ParsedNode } from 'yaml';
import { StudioError } from '../../contract/errors.ts';
import { namedFolder } from '../models/library-folder.ts';

export type Path = (string | number)[];

/** A value given on the command line, and how it was given (`--set seed=2`, `--seed 2`). */
export interface Override {
  path: Path;
  value: unknown;
  origin: string;
}

export interface ConfigSource {
  /** The file with the overrides applied. */
  values: Record<string, unknown>;
  /** Where a field was set: a line of the file, or an override; neither when nothing sets it. */
  locate(path: Path): { path?: string; line?: number; origin?: string };
}

/** Reads `key=value`: a dotted key (`rewards.0.weight`) and a value in YAML. */
export function parseSetOption(text: string): Override {
  const origin = `--set ${text}`;
  const equals = text.indexOf('=');
  const key = text.slice(0, equals).trim();
  if (equals < 1 || key.split('.').includes('')) {
    throw new StudioError('config_invalid', `\`${origin}\` must look like key=value, for example --set max_steps=50.`);
  }
  const document = parseDocument(text.slice(equals + 1), { prettyErrors: false });
  const problem = document.errors[0];
  if (problem) {
    throw new StudioError(
      'config_invalid',
      `The value in \`${origin}\` is not valid YAML: ${sentence(problem.message)}`,
      { field: key },
    );
  }
  const path = key.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  return { path, value: document.toJS() as unknown, origin };
}

export interface ConfigInput {
  /** Values to begin with: the settings of a stored run. */
  base?: Readonly<Record<string, unknown>>;
  /** A YAML file on top of them. */
  file?: string | undefined;
  /** On top of both, later ones over earlier ones. */
  overrides: Override[];
  /** Top-level fields that hold paths, besides the folders of reward models in `rewards`. Relative ones become absolute: those in the file against its folder, overrides against `cwd`. */
  pathFields: readonly string[];
  /** Folder of the model library: a `model` that is no path may be the name of one of its models. */
  library?: string | undefined;
  cwd: string;
}

/** @throws StudioError `config_invalid` when the file cannot be read or is not a YAML mapping */
export function readConfigSource({ base = {}, file, overrides, pathFields, library, cwd }: ConfigInput): ConfigSource {
  const lines = new LineCounter();
  const document = file === undefined ? null : parseFile(file, lines);
  const fromFile = (document?.toJS() ?? {}) as Record<string, unknown>;
  if (file !== undefined) {
    const folder = dirname(resolve(cwd, file));
    for (const field of pathFields) absolutePath(fromFile, field, folder, library);
    for (const rule of rulesOf(fromFile)) absoluteModel(rule, folder);
  }
  const values = structuredClone({ ...base, ...fromFile });
  for (const override of overrides) {
    applyOverride(values, override);
    const [field] = override.path;
    if (override.path.length === 1 && pathFields.includes(String(field)))
      absolutePath(values, String(field), cwd, library);
    const [, place, setting] = override.path;
    if (field === 'rewards' && setting === 'model') absoluteModel(rulesOf(values)[Number(place)], cwd);
  }
  return {
    values,
    locate(path) {
      const override = overrides.findLast(({ path: set }) => isPrefix(set, path));
      if (override) return { origin: override.origin };
      if (file === undefined || document === null) return {};
      const line = lineOf(document, path, lines);
      return line === null ? { path: file } : { path: file, line };
    },
  };
}

function parseFile(file: string, lines: LineCounter): Document.Parsed {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
    throw new StudioError('config_invalid', `The config file ${file} ${why}.`, { path: file }, { cause: error });
  }
  return parseText(text, lines, { path: file });
}

/** @param where is told in errors: the file, when there is one */
function parseText(text: string, lines: LineCounter, where: { path?: string }): Document.Parsed {
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = document.errors[0];
  if (problem) {
    const { line } = lines.linePos(problem.pos[0]);
    const message = `${where.path === undefined ? 'This' : 'The file'} is not valid YAML: ${sentence(problem.message)}`;
    throw new StudioError('config_invalid', message, { ...where, line });
  }
  if (document.contents !== null && !isMap(document.contents)) {
    const message = 'A config file holds settings as `key: value` lines, one per line.';
    throw new StudioError('config_invalid', message, { ...where, line: 1 });
  }
  return document;
}

/**
 * A configuration that a person is writing, in no file yet: its values as they stand there, and the line of each.
 * @throws StudioError `config_invalid` with a line when the text is no YAML mapping
 */
export function readConfigText(text: string): {
  values: Record<string, unknown>;
  lineOf: (path: Path) => number | null;
} {
  const lines = new LineCounter();
  const document = parseText(text, lines, {});
  return {
    values: (document.toJS() ?? {}) as Record<string, unknown>,
    lineOf: (path) => lineOf(document, path, lines),
  };
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

function absolutePath(values: Record<string, unknown>, field: string, folder: string, library?: string): void {
  const value = values[field];
  if (typeof value !== 'string' || value === '') return;
  const path = resolve(folder, value.replace(/^~(?=$|[/\\])/, homedir()));
  const named = field === 'model' && library !== undefined && !existsSync(path) ? namedFolder(library, value) : null;
  values[field] = named ?? path;
}

function rulesOf({ rewards }: Record<string, unknown>): unknown[] {
  return Array.isArray(rewards) ? rewards : [];
}

/** A rule's `model` is a folder where a reward model is meant, and a name where a judge is. */
function absoluteModel(rule: unknown, folder: string): void {
  const settings = (rule ?? {}) as Record<string, unknown>;
  if (settings['type'] === 'reward_model') absolutePath(settings, 'model', folder);
}

function applyOverride(values: Record<string, unknown>, { path, value, origin }: Override): void {
  let container: unknown = values;
  path.forEach((key, depth) => {
    const field = path.slice(0, depth).join('.');
    const fail = (why: string) =>
      new StudioError('config_invalid', `\`${origin}\` cannot be applied: ${why}`, { field: path.join('.') });
    if (Array.isArray(container)) {
      if (typeof key !== 'number') throw fail(`\`${field}\` is a list; name an entry by its number, as in ${field}.0.`);
      if (key > container.length)
        throw fail(`\`${field}\` ends before entry ${key}; the next one is ${container.length}.`);
    } else if (typeof container !== 'object' || container === null) {
      throw fail(`\`${field}\` holds ${JSON.stringify(container)}, which has no parts.`);
    }
    const last = depth === path.length - 1;
    const existing = Object.hasOwn(container, key) ? (container as Record<string, unknown>)[key] : undefined;
    const next = last ? value : (existing ?? (typeof path[depth + 1] === 'number' ? [] : {}));
    Object.defineProperty(container, key, { value: next, writable: true, enumerable: true, configurable: true });
    container = next;
  });
}

function isPrefix(prefix: Path, path: Path): boolean {
  return prefix.length <= path.length && prefix.every((key, index) => String(key) === String(path[index]));
}

/** The line of a field, or of the nearest thing around it that the file has; null when that is the file as a whole. */
function lineOf(document: Document.Parsed, path: Path, lines: LineCounter): number | null {
  let node: Node | null = document.contents;
  let offset: number | null = null;
  for (const key of path) {
    let child: ParsedNode | null = null;
    if (isMap(node)) {
      const pair = (node as Extract<ParsedNode, { items: { key: unknown }[] }>).items.find(
        (item) => String((item as { key: unknown }).key) === String(key),
      ) as { key: ParsedNode; value: ParsedNode | null } | undefined;
      if (!pair) break;
      offset = pair.key.range[0];
      child = pair.value;
    } else if (isSeq(node)) {
      child = (node.items[Number(key)] as ParsedNode | undefined) ?? null;
      if (!child) break;
      offset = child.range[0];
    }
    node = child;
  }
  return offset === null ? null : lines.linePos(offset).line;
}
