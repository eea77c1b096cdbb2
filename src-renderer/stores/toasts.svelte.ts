/** Short notices of what has just been done, or could not be. */
import { toFailure } from './query.svelte.ts';

export interface Toast {
  id: number;
  kind: 'good' | 'bad';
  message: string;
  /** Takes back what was done. */
  undo?: () => void;
}

/** Milliseconds a good notice stays; one of a failure stays until it is dismissed. */
const LIFETIME = 6000;

class ToastList {
  toasts = $state.raw<Toast[]>([]);
  #shown = 0;

  say(message: string, undo?: () => void): void {
    const id = this.#add({ kind: 'good', message, ...(undo === undefined ? {} : { undo }) });
    setTimeout(() => this.dismiss(id), LIFETIME);
  }

  complain(error: unknown): void {
    this.#add({ kind: 'bad', message: toFailure(error).message });
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>): number {
    const id = ++this.#shown;
    this.toasts = [...this.toasts, { ...toast, id }];
    return id;
  }
}

export const toasts = new ToastList();
