/** Keeps messages until somebody receives them. */
export class Mailbox {
  #receiver: ((message: unknown) => void) | null = null;
  #waiting: unknown[] = [];

  deliver(message: unknown): void {
    if (this.#receiver === null) this.#waiting.push(message);
    else this.#receiver(message);
  }

  receive(receiver: (message: unknown) => void): void {
    this.#receiver = receiver;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) receiver(message);
  }
}
