// Threads, pins, mentions and the history of a message: what one finds again.

export default {
  'thread.title': 'Thread',
  'thread.replies': 'Replies in this thread',
  'thread.none': 'No replies yet',
  'thread.older': 'Earlier replies',
  'thread.again': 'Try again',
  'thread.placeholder': 'Reply in the thread',
  'thread.close': 'Close the thread',

  'pins.title': 'Pinned messages',
  'pins.by': 'pinned by {name}, {time}',
  'pins.none': 'Nothing is pinned here.',

  'mentions.title': 'My mentions',
  'mentions.none': 'Nobody has called you yet.',

  'edits.title': 'Earlier versions',
  'edits.now': 'As it is now',
  'edits.before': 'What it said before, newest first',

  'list.older': 'Older',
  'list.newest': 'To the newest',
  'list.page': 'Page {n}',
};
