/** A rule set while it is written. Its rules may be unfinished or wrong; each change gives new values, so that a comparison shows it. */
import { textOf, type Values } from '../../lib/rule-schema.ts';

export interface DraftRule {
  /** Stays with the card, wherever it moves and whatever the rule is called. */
  id: number;
  values: Values;
}

export class DraftSet {
  rules = $state.raw<DraftRule[]>([]);
  #made = 0;
  #saved = $state.raw('[]');

  /** What the studio is asked about, and what is saved. */
  readonly values: Values[] = $derived(this.rules.map(({ values }) => values));
  readonly isChanged: boolean = $derived(JSON.stringify(this.values) !== this.#saved);

  /** Replaces all rules by those of a set. */
  load(rules: readonly unknown[]): void {
    this.rules = rules.map((values) => this.#draft(values as Values));
    this.markSaved();
  }

  /** As `load`, but the rules are not saved yet. */
  replace(rules: readonly unknown[]): void {
    this.rules = rules.map((values) => this.#draft(values as Values));
  }

  markSaved(): void {
    this.#saved = JSON.stringify(this.rules.map(({ values }) => values));
  }

  /** Puts a rule at the end, under a name that no other has. */
  add(values: Values): DraftRule {
    const rule = this.#draft({ ...values, name: this.freeName(textOf(values['name'] ?? values['type'])) });
    this.rules = [...this.rules, rule];
    return rule;
  }

  change(id: number, values: Values): void {
    this.rules = this.rules.map((rule) => (rule.id === id ? { id, values } : rule));
  }

  duplicate(id: number): DraftRule | null {
    const place = this.rules.findIndex((rule) => rule.id === id);
    if (place < 0) return null;
    const { values } = this.rules[place];
    const copy = this.#draft({ ...structuredClone(values), name: this.freeName(textOf(values['name'])) });
    this.rules = this.rules.toSpliced(place + 1, 0, copy);
    return copy;
  }

  /** @returns puts it back where it was */
  remove(id: number): () => void {
    const place = this.rules.findIndex((rule) => rule.id === id);
    const rule = this.rules[place];
    this.rules = this.rules.toSpliced(place, 1);
    return () => {
      this.rules = this.rules.toSpliced(Math.min(place, this.rules.length), 0, rule);
    };
  }

  /** @param place among all rules, once it stands there; held to the list. @returns the 0-based place it has now */
  moveTo(id: number, place: number): number {
    const from = this.rules.findIndex((rule) => rule.id === id);
    const to = Math.min(Math.max(place, 0), this.rules.length - 1);
    if (from >= 0 && from !== to) this.rules = this.rules.toSpliced(from, 1).toSpliced(to, 0, this.rules[from]);
    return to;
  }

  move(id: number, by: number): number {
    return this.moveTo(id, this.rules.findIndex((rule) => rule.id === id) + by);
  }

  /** `format`, or `format_2` where that is taken. */
  freeName(wanted: string): string {
    const taken = new Set(this.rules.map(({ values }) => values['name']));
    const stem = wanted.replace(/_\d+$/, '');
    if (!taken.has(wanted)) return wanted;
    for (let number = 2; ; number++) if (!taken.has(`${stem}_${number}`)) return `${stem}_${number}`;
  }

  #draft(values: Values): DraftRule {
    return { id: ++this.#made, values };
  }
}
