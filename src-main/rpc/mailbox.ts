/** Receives a port's messages, which are JSON texts over every port, and keeps them until somebody takes them. */
export class Mailbox {
  #receiver: ((message: unknown) => void) | null = null;
  #waiting: unknown[] = [];

  /** What is no JSON is not from a studio and is dropped. */
  deliver(text: unknown): void {
    let message: unknown;
    try {
      message = JSON.parse(String(text));
    } catch {
      return;
    }
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
