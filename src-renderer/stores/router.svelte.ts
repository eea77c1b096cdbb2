/** Where the page is: the part of the address after `#`, as `/runs/<id>/samples?step=20`. */

function read(): { segments: string[]; query: URLSearchParams } {
  const [path, query = ''] = location.hash.replace(/^#/, '').split('?', 2);
  return { segments: path.split('/').filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
}

class Router {
  /** Path segments, decoded: `['runs', '20261122-1748-7f3a', 'samples']`. */
  segments = $state.raw<string[]>([]);
  query = $state.raw(new URLSearchParams());

  /** Follows the address from now on. */
  start(): void {
    const update = () => ({ segments: this.segments, query: this.query } = read());
    window.addEventListener('hashchange', update);
    update();
  }
}

export const router = new Router();

/** The address of a place, for links: `href('runs', id, 'samples', { step: '20' })`. */
export function href(...parts: (string | Record<string, string>)[]): string {
  const segments = parts.filter((part) => typeof part === 'string').map(encodeURIComponent);
  const query = new URLSearchParams(Object.assign({}, ...parts.filter((part) => typeof part !== 'string')));
  return `#/${segments.join('/')}${query.size > 0 ? `?${query}` : ''}`;
}

export function navigate(...parts: (string | Record<string, string>)[]): void {
  location.hash = href(...parts);
}

/** Changes the query of this place without a new entry in the history: filters, the step that is shown. A null value is left out. */
export function replaceQuery(changes: Record<string, string | null>): void {
  const query = new URLSearchParams(router.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  history.replaceState(null, '', href(...router.segments, Object.fromEntries(query)));
  router.query = query;
}
