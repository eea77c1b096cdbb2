/** The keys that the studio knows besides Tab, Enter and the browser's own: what they are, for everyone who lists them. */

export interface Shortcut {
  /** Pressed together. */
  keys: string[];
  /** Another key for the way back. */
  or?: string;
  /** The last of a row of keys. */
  until?: string;
  what: string;
}

export interface ShortcutGroup {
  title: string;
  shortcuts: Shortcut[];
}

export const samplesShortcuts: Shortcut[] = [
  { keys: ['j'], or: 'k', what: 'Next and previous in the list' },
  { keys: ['↑'], or: '↓', what: 'The same, in the list; line by line among tokens' },
  { keys: ['Enter'], what: 'The tokens of the completion' },
  { keys: ['←'], or: '→', what: 'Next and previous token; steps in the strip' },
  { keys: ['Esc'], what: 'Back to the group' },
  { keys: ['t'], what: 'This prompt over time' },
  { keys: ['b'], what: 'Bookmark the completion' },
  { keys: ['/'], what: 'Search words' },
  { keys: ['?'], what: 'These keys' },
];

/** @param modifier the key that commands are given with: `Ctrl`, `⌘` */
export function shortcutGroups({ modifier, desktop }: { modifier: string; desktop: boolean }): ShortcutGroup[] {
  const everywhere = {
    title: 'Everywhere',
    shortcuts: [
      { keys: [modifier, '1'], until: '7', what: 'The parts of the studio, in the order of the navigation' },
      { keys: [modifier, 'N'], what: 'New run' },
    ],
  };
  return [
    ...(desktop ? [everywhere] : []),
    { title: 'Samples', shortcuts: samplesShortcuts },
    {
      title: 'Reward rules',
      shortcuts: [
        { keys: ['Alt', '↑'], or: '↓', what: 'Move the rule' },
        { keys: [modifier, 'S'], what: 'Save the set' },
      ],
    },
    {
      title: 'Charts',
      shortcuts: [
        { keys: ['←'], or: '→', what: 'The values of the place before, and of the next' },
        { keys: ['+'], or: '−', what: 'Look closer, and further' },
      ],
    },
    {
      title: 'Lists and tabs',
      shortcuts: [{ keys: ['↑'], or: '↓', what: 'Move in a list; ← and → among tabs' }],
    },
  ];
}
