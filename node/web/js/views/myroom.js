// What a room is for oneself alone: at the top of the list or not, and for how long nothing is to disturb.

import { h } from '../dom.js';
import { fullTime, t } from '../i18n/index.js';
import { quietUntil } from '../state/rooms.js';
import { openDialog } from './dialog.js';
import { choice, form, switchRow } from './form.js';
import { toast } from './toast.js';

const HOUR_MS = 3_600_000;
/** A time this late means for good. */
const FOREVER_MS = Number.MAX_SAFE_INTEGER;
const SPANS = { keep: null, off: () => 0, hour: (now_ms) => now_ms + HOUR_MS, night: (now_ms) => now_ms + 8 * HOUR_MS, week: (now_ms) => now_ms + 168 * HOUR_MS, forever: () => FOREVER_MS };

export function myRoomDialog(app, id) {
  const set = async (fields) => app.store.dispatch({ type: 'room_loaded', room: await app.call('set_my_room', { room: id, ...fields }) });
  openDialog(t('mine.title'), (close) => {
    const room = app.store.state.rooms.get(id);
    const until_ms = quietUntil(room, Date.now());
    // Whoever only looks must not end what holds.
    const spans = Object.keys(SPANS).filter((key) => key !== 'keep' || until_ms > 0);
    let [span] = spans;
    const now = until_ms === 0 ? '' : until_ms < FOREVER_MS ? t('mine.quietUntil', { time: fullTime(until_ms) }) : t('mine.quietForever');
    return [
      h('section', {}, switchRow(t('mine.pin'), room.my.pinned, (pinned) => set({ pinned }), { data: { do: 'pin-room' } }, t('mine.pinHint'))),
      h('section', {}, now && h('p', { class: 'hint' }, now), form({
        fields: [choice(t('mine.quiet'), 'quiet', spans.map((key) => [key, t(`quiet.${key}`)]), (value) => { span = value; })],
        submit: t('action.save'),
        action: async () => {
          if (span !== 'keep') await set({ quiet_until_ms: SPANS[span](Date.now()) });
          close();
          toast(t('account.saved'));
        },
      })),
    ];
  });
}
