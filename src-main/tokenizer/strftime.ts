/** Python's strftime in the C locale, for chat templates that write the date. */

const english = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-US', options);
const names: Record<string, Intl.DateTimeFormat> = {
  a: english({ weekday: 'short' }),
  A: english({ weekday: 'long' }),
  b: english({ month: 'short' }),
  B: english({ month: 'long' }),
};

const numbers: Record<string, (date: Date) => string> = {
  Y: (date) => String(date.getFullYear()),
  y: (date) => two(date.getFullYear() % 100),
  m: (date) => two(date.getMonth() + 1),
  d: (date) => two(date.getDate()),
  H: (date) => two(date.getHours()),
  I: (date) => two(date.getHours() % 12 || 12),
  M: (date) => two(date.getMinutes()),
  S: (date) => two(date.getSeconds()),
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  '%': () => '%',
};

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/**
 * @param date written in local time, as Python's `datetime.now()` is
 * @throws Error on a directive that is not supported
 */
export function strftime(date: Date, format: string): string {
  return format.replace(/%(.)/gs, (directive, letter: string) => {
    const text = names[letter]?.format(date) ?? numbers[letter]?.(date);
    if (text === undefined) throw new Error(`strftime_now does not know ${directive}`);
    return text;
  });
}
