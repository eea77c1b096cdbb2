/** Whether single letters act on the page of samples: who speaks to the computer, or presses keys by accident, turns them off. */

const key = 'samples-letter-keys';

class LetterKeys {
  on = $state(localStorage.getItem(key) !== 'off');

  turn(on: boolean): void {
    this.on = on;
    localStorage.setItem(key, on ? 'on' : 'off');
  }
}

export const letterKeys = new LetterKeys();
