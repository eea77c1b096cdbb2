/** A notification of the system when a run ends while nobody looks at the studio. */
import type { Notification, NotificationConstructorOptions } from 'electron';
import type { RunActivity } from '../../contract/api/runs.ts';

/** What to say of an event, or null when it is no end of a run that a person would wait for. */
export function endNotice({ event }: RunActivity, name: string): NotificationConstructorOptions | null {
  if (event.type === 'failed') return { title: `${name} failed`, body: event.error.message };
  if (event.type !== 'finished') return null;
  const steps = `${event.step} ${event.step === 1 ? 'step' : 'steps'}`;
  return event.reason === 'completed'
    ? { title: `${name} is done`, body: `It has taken ${steps}.` }
    : { title: `${name} has stopped`, body: `It is saved after ${steps} and can be resumed.` };
}

interface Notifier {
  /** Whether a person sees the studio now. */
  isFocused(): boolean;
  nameOf(run: string): string;
  create(
    options: NotificationConstructorOptions,
  ): Pick<Notification, 'show'> & { on(event: 'click' | 'close', listener: () => void): unknown };
  /** Brings the window to the front, at the run. */
  open(run: string): void;
}

/** Notifications on the screen: Electron forgets the listeners of one that nothing else holds. */
const shown = new Set<unknown>();

export function notifyOfEnd(activity: RunActivity, notifier: Notifier): void {
  const notice = notifier.isFocused() ? null : endNotice(activity, notifier.nameOf(activity.run));
  if (notice === null) return;
  const notification = notifier.create(notice);
  const forget = () => void shown.delete(notification);
  notification.on('click', () => {
    forget();
    notifier.open(activity.run);
  });
  notification.on('close', forget);
  shown.add(notification);
  notification.show();
}
