// Who is there, who types, who has read.

export default {
  'presence.online': 'Here now',
  'presence.idle': 'Idle',
  'presence.offline': 'Away',

  'typing.some': '{names} is typing …',
  'typing.many': '{names} and {n} more are typing …',

  'receipt.read': 'Read',
  'receipt.readBy': 'Read by {names}',
  'receipt.readByMore': 'Read by {names} and {n} more',
  'receipt.received': 'Delivered to {n}',

  'invitation.by': 'Invited by {name}',
};
