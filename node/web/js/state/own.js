// What the user shows of being there, as their own devices know it: null until the server has said it.

export const own = {
  my_presence_heard: (state, { invisible, status = null }) => ({ ...state, mine: { invisible, status } }),
};

/** What the user says of being there, as long as it holds; null for nothing. */
export function ownStatus(state, now_ms) {
  const status = state.mine?.status;
  return status && !(status.expires_ms <= now_ms) && (status.text || status.emoji) ? status : null;
}
