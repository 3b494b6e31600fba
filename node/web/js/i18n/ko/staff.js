// 운영진, 그리고 권한으로 한 일의 기록.

export default {
  'staff.part': '운영',
  'staff.title': '운영진',
  'staff.moderator': '진행자',
  'staff.admin': '관리자',
  'staff.by': '@{by}님이 임명',
  'staff.appoint': '임명하기',
  'staff.as': '역할',
  'staff.dismiss': '해임',
  'staff.dismissText': '@{user}님은 더 이상 신고와 기록을 볼 수 없게 됩니다.',

  'audit.title': '운영 기록',
  'audit.appointed': '{by}님이 {user}님을 임명: {role}',
  'audit.dismissed': '{by}님이 {user}님을 해임',
  'audit.report': '{by}님이 신고를 옮김: {state}',
  'deed.kicked': '{by}님이 {user}님을 {room}에서 내보냄',
  'deed.role': '{by}님이 {room}에서 {user}님의 역할을 바꿈: {role}',
  'deed.banned': '{by}님이 {user}님을 {room}에서 차단',
  'deed.unbanned': '{by}님이 {room}에서 {user}님의 차단을 풂',
  'deed.muted': '{by}님이 {room}에서 {user}님의 말하기를 막음',
  'deed.unmuted': '{by}님이 {room}에서 {user}님이 다시 말할 수 있게 함',
  'deed.archived': '{by}님이 {room} 방을 보관',
  'deed.unarchived': '{by}님이 {room} 방을 보관함에서 꺼냄',
  'deed.deleted': '{by}님이 방을 삭제',
  'deed.message_deleted': '{by}님이 {room}에서 {user}님의 메시지를 삭제',
};
