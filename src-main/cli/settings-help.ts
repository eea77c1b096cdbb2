/** The part of a command's help that lists the settings of its config file; it comes from the schema, so it cannot fall behind. */
import type { z } from 'zod';
import { formatTable, indent } from './format.ts';

/** One line for each setting: its name, its default or `required`, and what it means. */
export function settingsHelp(schema: z.ZodObject): string {
  const rows = Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) => {
    const absent = field.safeParse(undefined);
    const value = !absent.success ? 'required' : absent.data === undefined ? '' : JSON.stringify(absent.data);
    return [name, value, field.description ?? ''];
  });
  return indent(formatTable([{ title: 'SETTING' }, { title: 'DEFAULT' }, { title: 'MEANING' }], rows), 2);
}
