/** Finds a key that stands twice in one JSON object: two readers of such a file may see two different things, so it is refused. */

/**
 * @param json valid JSON
 * @returns the first key that its object has already, null when there is none
 */
export function repeatedKey(json: string): string | null {
  const open: (Set<string> | null)[] = []; // the keys of each object that is open; null for an array
  let text = '""'; // the text just before, which a colon makes a key
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case '"': {
        const start = at++;
        while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
        text = json.slice(start, at + 1);
        break;
      }
      case '{':
        open.push(new Set());
        break;
      case '[':
        open.push(null);
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ':': {
        const key = JSON.parse(text) as string;
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
    }
  }
  return null;
}
