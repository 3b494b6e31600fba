// 누가 있고, 입력하고, 읽었는지.

export default {
  'presence.online': '접속 중',
  'presence.idle': '자리 비움',
  'presence.offline': '오프라인',

  'typing.some': '{names}님이 입력하고 있어요…',
  'typing.many': '{names}님 외 {n}명이 입력하고 있어요…',

  'receipt.read': '읽음',
  'receipt.readBy': '{names}님이 읽음',
  'receipt.readByMore': '{names}님 외 {n}명이 읽음',
  'receipt.received': '{n}명에게 전달됨',

  'invitation.by': '{name}님이 초대했어요',
};
