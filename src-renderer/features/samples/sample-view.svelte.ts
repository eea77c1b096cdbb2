/** What the page of samples shows: filters, the list that they mean, and what is open, all of it kept in the address. */
import type { CompletionRow, GroupRow, SampleFilter, SampleOrder } from '../../../src-main/contract/api/samples.ts';
import { replaceQuery, router } from '../../stores/router.svelte.ts';
import type { Studio } from '../../stores/studio.svelte.ts';
import { filterOf, queryOf } from './filter-query.ts';
import { measures, type Measure } from './token-measures.ts';
import { PagedList } from '../../stores/paged-list.svelte.ts';

export type Unit = 'groups' | 'completions';
export type Part = 'group' | 'tokens' | 'time';

export interface ListChoice {
  unit: Unit;
  order: SampleOrder;
  descending: boolean;
}

export type SampleList =
  { unit: 'groups'; rows: PagedList<GroupRow> } | { unit: 'completions'; rows: PagedList<CompletionRow> };

function choiceOf(query: URLSearchParams): ListChoice {
  const unit: Unit = query.get('list') === 'completions' ? 'completions' : 'groups';
  const allowed: SampleOrder[] = unit === 'groups' ? ['step', 'reward'] : ['step', 'reward', 'advantage', 'length'];
  const order = allowed.find((name) => name === query.get('order')) ?? 'step';
  return { unit, order, descending: query.get('direction') !== 'up' };
}

function idOf(value: string | null): number | null {
  const id = Number(value);
  return value !== null && Number.isInteger(id) && id > 0 ? id : null;
}

export class SampleView {
  readonly run: string;
  readonly filter = $derived(filterOf(router.query));
  readonly choice = $derived(choiceOf(router.query));
  readonly group = $derived(idOf(router.query.get('group')));
  readonly completion = $derived(idOf(router.query.get('completion')));
  readonly part = $derived<Part>(
    (['tokens', 'time'] as const).find((part) => part === router.query.get('view')) ?? 'group',
  );
  readonly measure = $derived<Measure>(measures.find((name) => name === router.query.get('colour')) ?? 'logp');
  readonly whitespace = $derived(router.query.get('whitespace') === 'shown');
  readonly special = $derived(router.query.get('special') === 'shown');
  /** What names the list: it is read anew when this changes. */
  readonly listKey = $derived(JSON.stringify([this.filter, this.choice]));
  readonly #studio: Studio;

  constructor(studio: Studio, run: string) {
    this.#studio = studio;
    this.run = run;
  }

  makeList(): SampleList {
    const { run, filter } = this;
    const { unit, order, descending } = this.choice;
    if (unit === 'completions') {
      return {
        unit,
        rows: new PagedList((offset, limit, signal) =>
          this.#studio.call('query-completions', { run, filter, order, descending, offset, limit }, signal),
        ),
      };
    }
    const groupOrder = order === 'reward' ? 'reward' : 'step';
    return {
      unit,
      rows: new PagedList((offset, limit, signal) =>
        this.#studio.call('query-groups', { run, filter, order: groupOrder, descending, offset, limit }, signal),
      ),
    };
  }

  setFilter = (changes: Partial<Record<keyof SampleFilter, SampleFilter[keyof SampleFilter] | undefined>>): void => {
    replaceQuery(queryOf({ ...this.filter, ...changes } as SampleFilter));
  };

  clearFilter = (): void => replaceQuery(queryOf({}));

  choose = (changes: Partial<ListChoice>): void => {
    const { unit, order, descending } = { ...this.choice, ...changes };
    replaceQuery({
      list: unit === 'groups' ? null : unit,
      order: order === 'step' ? null : order,
      direction: descending ? null : 'up',
    });
  };

  open = (group: number, completion: number | null = null): void => {
    replaceQuery({ group: String(group), completion: completion === null ? null : String(completion) });
  };

  show = (part: Part, completion: number | null = this.completion): void => {
    replaceQuery({
      view: part === 'group' ? null : part,
      completion: completion === null ? null : String(completion),
    });
  };

  colourBy = (measure: Measure): void => replaceQuery({ colour: measure === 'logp' ? null : measure });

  toggle = (what: 'whitespace' | 'special'): void => replaceQuery({ [what]: this[what] ? null : 'shown' });
}
