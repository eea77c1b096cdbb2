/** Which set an address opens in the editor. */

export interface EditorSource {
  /** As the studio finds it: a preset, a saved name with or without a version, or a run. */
  set: string;
  /** The name it goes on being saved under; null for what is no saved set. */
  savedName: string | null;
}

/** @param query `set=NAME`, with `version=3` for an older one; `preset=NAME`; `run=ID`; null: a new set */
export function sourceOf(query: URLSearchParams): EditorSource | null {
  const saved = query.get('set');
  if (saved !== null) {
    const version = query.get('version');
    return { set: version === null ? saved : `${saved}@${version}`, savedName: saved };
  }
  const other = query.get('preset') ?? query.get('run');
  return other === null ? null : { set: other, savedName: null };
}
